{{- define "rose-csi.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* The beginning of every object's name; at most 50 characters, so that what is appended fits into 63. */}}
{{- define "rose-csi.fullname" -}}
{{- $name := include "rose-csi.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rose-csi.labels" -}}
{{- include "rose-csi.labelsWith" (list . dict) -}}
{{- end -}}

{{/* Labels of an object that may have more. Call with a list: root, those that it has beside the chart's and commonLabels. */}}
{{- define "rose-csi.labelsWith" -}}
{{- with first . -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "rose-csi.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with merge dict (default dict (last $)) .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Labels that never change, for selectors. */}}
{{- define "rose-csi.selector" -}}
app.kubernetes.io/name: {{ include "rose-csi.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The ServiceAccount of a workload. Call with a list: root, controller or node. */}}
{{- define "rose-csi.serviceAccountName" -}}
{{- $own := printf "%s-%s" (include "rose-csi.fullname" (first .)) (last .) -}}
{{- default $own (get (first .).Values (last .)).serviceAccount.name -}}
{{- end -}}

{{/*
Call with a list: the root context and the key below .Values.images. What is before the first slash of a repository is its
registry when it looks like a host, as everywhere.
*/}}
{{- define "rose-csi.image" -}}
{{- $root := index . 0 -}}
{{- $image := index $root.Values.images (index . 1) -}}
{{- $repository := $image.repository -}}
{{- with $root.Values.global.imageRegistry -}}
{{- $path := regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "" -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $path -}}
{{- end -}}
{{- $tag := default $root.Chart.AppVersion $image.tag -}}
{{- printf "%s:%s" $repository $tag -}}
{{- with $image.digest }}{{ printf "@%s" . }}{{ end -}}
{{- end -}}

{{/* Secrets for registries, which other charts give to global by their names alone. */}}
{{- define "rose-csi.imagePullSecrets" -}}
{{- $secrets := list -}}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets -}}
{{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- uniq $secrets | toYaml -}}
{{- end -}}

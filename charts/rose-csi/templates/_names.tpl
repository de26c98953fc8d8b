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
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "rose-csi.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Labels that never change, for selectors. */}}
{{- define "rose-csi.selector" -}}
app.kubernetes.io/name: {{ include "rose-csi.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Call with a list: the root context and the key below .Values.images. */}}
{{- define "rose-csi.image" -}}
{{- $root := index . 0 -}}
{{- $image := index $root.Values.images (index . 1) -}}
{{- $tag := default $root.Chart.AppVersion $image.tag -}}
{{- printf "%s:%s" $image.repository $tag -}}
{{- with $image.digest }}{{ printf "@%s" . }}{{ end -}}
{{- end -}}

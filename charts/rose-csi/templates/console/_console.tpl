{{/*
The backends as the console knows them: with an account of its own where console.accounts names one, else with that of the
controller. A list.
*/}}
{{- define "rose-csi.consoleBackends" -}}
{{- $accounts := dict -}}
{{- range .Values.console.accounts }}{{ $_ := set $accounts .backend . }}{{ end -}}
{{- $backends := list -}}
{{- range .Values.config.backends -}}
{{- $backend := deepCopy . -}}
{{- with get $accounts .name -}}
{{- $_ := set $backend.ssh "user" .user -}}
{{- $_ := set $backend.ssh "secretName" .secretName -}}
{{- end -}}
{{- $backends = append $backends $backend -}}
{{- end -}}
{{- toYaml $backends -}}
{{- end -}}

{{/* The configuration file of the console: that of the controller, with those backends. */}}
{{- define "rose-csi.consoleConfig" -}}
{{- $config := merge (dict "backends" (include "rose-csi.consoleBackends" . | fromYamlArray)) .Values.config -}}
{{- include "rose-csi.config" (dict "Values" (merge (dict "config" $config) .Values)) -}}
{{- end -}}

{{/* Refuses accounts of backends that there are not. */}}
{{- define "rose-csi.checkConsole" -}}
{{- $names := list -}}
{{- range .Values.config.backends }}{{ $names = append $names .name }}{{ end -}}
{{- range .Values.console.accounts -}}
{{- if not (has .backend $names) -}}
{{- fail (printf "console.accounts: there is no backend %s, only %s" .backend (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

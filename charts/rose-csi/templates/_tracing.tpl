{{/*
Variables of OpenTelemetry, by which the driver sends traces. Call with a list: root, endpoint. In an endpoint, $(HOST_IP)
is the address of the node that the pod runs on.
*/}}
{{- define "rose-csi.tracing" -}}
{{- $root := first . -}}
{{- with $root.Values.tracing -}}
- name: HOST_IP
  valueFrom:
    fieldRef:
      fieldPath: status.hostIP
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ last $ | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .samplerRatio | quote }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ $root.Release.Namespace }},k8s.pod.name=$(POD_NAME),k8s.node.name=$(POD_NODE_NAME)
{{- end -}}
{{- end -}}

{{/* TCP port of the endpoint for traces: the one that stands in it, else that of its scheme. */}}
{{- define "rose-csi.tracingPort" -}}
{{- $authority := regexReplaceAll "^https?://([^/]*).*$" . "${1}" -}}
{{- $default := ternary "443" "80" (hasPrefix "https:" .) -}}
{{- regexFind ":[0-9]+$" $authority | trimPrefix ":" | default $default -}}
{{- end -}}

{{/* Containers that need nothing but their socket and the API server. */}}
{{- define "rose-csi.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/*
The type of privileged containers, for those that are not and talk to the socket of one that is: SELinux keeps an ordinary
container from it. Without SELinux it means nothing.
*/}}
{{- define "rose-csi.besidePrivileged" -}}
seLinuxOptions:
  type: spc_t
{{- end -}}

{{/*
What an administrator may say of the pods of both workloads. Call with a list: root, controller or node, and the values of
that workload.
*/}}
{{- define "rose-csi.pod" -}}
{{- $values := last . -}}
serviceAccountName: {{ include "rose-csi.serviceAccountName" (initial .) }}
{{- with include "rose-csi.imagePullSecrets" (first .) | fromYamlArray }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "hostAliases" "dnsConfig" }}
{{- with get $values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Pods that are not privileged. */}}
{{- define "rose-csi.unprivileged" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
# Makes the mounted keys readable for this user.
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Resources of a sidecar. Call with a list: root, name (below .Values.images). */}}
{{- define "rose-csi.sidecarResources" -}}
{{- with (first .).Values.sidecars -}}
{{- default .resources (get . (last $)).resources | toYaml -}}
{{- end -}}
{{- end -}}

{{/*
A sidecar of the controller. Call with a dict: root, name (below .Values.images), args, env.
Each elects a leader of its own, also with one replica: during a node's outage two pods may be alive for a while.
*/}}
{{- define "rose-csi.sidecar" -}}
- name: csi-{{ .name }}
  image: {{ include "rose-csi.image" (list .root .name) }}
  imagePullPolicy: {{ .root.Values.imagePullPolicy }}
  args:
    - --csi-address=/csi/csi.sock
    - --timeout={{ .root.Values.sidecars.timeout }}
    - --leader-election
    - --leader-election-namespace={{ .root.Release.Namespace }}
    - --v={{ .root.Values.sidecars.logVerbosity }}
    {{- range .args }}
    - {{ . }}
    {{- end }}
    {{- with (get .root.Values.sidecars .name).extraArgs }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .env }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: socket
      mountPath: /csi
  resources:
    {{- include "rose-csi.sidecarResources" (list .root .name) | nindent 4 }}
  securityContext:
    {{- include "rose-csi.locked" . | nindent 4 }}
{{- end -}}

{{/* Turns the CSI call Probe into HTTP. Call with a dict: root, address, and asRoot where the socket belongs to root. */}}
{{- define "rose-csi.livenessprobe" -}}
- name: livenessprobe
  image: {{ include "rose-csi.image" (list .root "livenessprobe") }}
  imagePullPolicy: {{ .root.Values.imagePullPolicy }}
  args:
    - --csi-address=/csi/csi.sock
    - --http-endpoint={{ .address }}
    - --probe-timeout=3s
    - --v={{ .root.Values.sidecars.logVerbosity }}
    {{- with .root.Values.sidecars.livenessprobe.extraArgs }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumeMounts:
    - name: socket
      mountPath: /csi
  resources:
    {{- include "rose-csi.sidecarResources" (list .root "livenessprobe") | nindent 4 }}
  securityContext:
    {{- if .asRoot }}
    runAsUser: 0
    {{- include "rose-csi.besidePrivileged" . | nindent 4 }}
    {{- end }}
    {{- include "rose-csi.locked" . | nindent 4 }}
{{- end -}}

{{/*
Probes of the driver's container. Probe answers from memory, never from an RDS. It says "not ready" until an RDS was found
fit once, so an RDS that is down while the driver starts must not count as a failed start: hence the hour.
Call with the httpGet action.
*/}}
{{- define "rose-csi.probes" -}}
startupProbe:
  httpGet:
    {{- . | nindent 4 }}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 720
livenessProbe:
  httpGet:
    {{- . | nindent 4 }}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 5
{{- end -}}

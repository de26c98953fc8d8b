{{/* What each sidecar is told beside the common flags; a flag that is its default is named where names on the box hang on it. */}}

{{- define "rose-csi.provisionerArgs" -}}
- --worker-threads={{ .Values.sidecars.workers }}
- --volume-name-prefix=pvc
- --extra-create-metadata
- --default-fstype=ext4
{{- if .Values.storageCapacity.enabled }}
- --enable-capacity
- --capacity-for-immediate-binding
- --capacity-ownerref-level=2
- --capacity-poll-interval={{ .Values.storageCapacity.pollInterval }}
{{- end }}
{{- end -}}

{{- define "rose-csi.provisionerEnv" -}}
{{- if .Values.storageCapacity.enabled }}
- name: NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- end -}}

{{- define "rose-csi.attacherArgs" -}}
- --worker-threads={{ .Values.sidecars.workers }}
{{- end -}}

{{/* Volumes grow while in use, so there is no "in use" error to handle, and no right to list all pods to give. */}}
{{- define "rose-csi.resizerArgs" -}}
- --workers={{ .Values.sidecars.workers }}
- --handle-volume-inuse-error=false
{{- end -}}

{{- define "rose-csi.snapshotterArgs" -}}
- --worker-threads={{ .Values.sidecars.workers }}
- --snapshot-name-prefix=snap
- --extra-create-metadata
{{- end -}}

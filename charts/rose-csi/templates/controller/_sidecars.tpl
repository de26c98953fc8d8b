{{/* The flags of each sidecar beside the common ones; a flag that is its default is named where names on the RDS hang on it. */}}

{{/*
Requests to the API server. By default each sidecar may make 5 in a second, and 10 at once, however many workers it has, and its
client holds the workers back. A request to the driver takes about five of them, so that is for each worker here.
*/}}
{{- define "rose-csi.apiArgs" -}}
- --kube-api-qps={{ mul 5 (int .Values.sidecars.workers) }}
- --kube-api-burst={{ mul 10 (int .Values.sidecars.workers) }}
{{- end -}}

{{/*
For an Immediate class csi-provisioner would require the networks of one random node. The class decides on the network, and
pods follow the answer, so it must require none.
*/}}
{{- define "rose-csi.provisionerArgs" -}}
- --worker-threads={{ .Values.sidecars.workers }}
{{ include "rose-csi.apiArgs" . }}
- --volume-name-prefix=pvc
- --extra-create-metadata
- --default-fstype=ext4
- --immediate-topology=false
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
{{ include "rose-csi.apiArgs" . }}
{{- end -}}

{{/* Volumes grow while in use, so there is no "in use" error to handle, and no right to list all pods to give. */}}
{{- define "rose-csi.resizerArgs" -}}
- --workers={{ .Values.sidecars.workers }}
{{ include "rose-csi.apiArgs" . }}
- --handle-volume-inuse-error=false
{{- end -}}

{{- define "rose-csi.snapshotterArgs" -}}
- --worker-threads={{ .Values.sidecars.workers }}
{{ include "rose-csi.apiArgs" . }}
- --snapshot-name-prefix=snap
- --extra-create-metadata
{{- end -}}

{{/* What the driver needs to find the backends and to be let in: its configuration, and keys with host keys. */}}
{{- define "rose-csi.backendMounts" -}}
- name: config
  mountPath: /etc/rose-csi/config
  readOnly: true
# A directory, never a subPath: the kubelet renews the files in it when a Secret changes.
- name: ssh
  mountPath: /etc/rose-csi/ssh
  readOnly: true
{{- end -}}

{{- define "rose-csi.backendVolumes" -}}
- name: config
  configMap:
    name: {{ include "rose-csi.fullname" . }}-controller
- name: ssh
  projected:
    defaultMode: 288 # 0440, in the one notation that YAML 1.1 and 1.2 share
    sources:
      {{- range .Values.config.backends }}
      - secret:
          name: {{ .ssh.secretName }}
          items:
            - key: ssh-privatekey
              path: {{ .name }}/ssh-privatekey
            {{- if not .ssh.hostKeys }}
            - key: ssh-hostkeys
              path: {{ .name }}/ssh-hostkeys
            {{- end }}
      {{- end }}
{{- end -}}

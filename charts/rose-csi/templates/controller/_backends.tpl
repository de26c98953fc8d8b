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

{{/* Call with a list: root, controller or console, and the backends as that one knows them. */}}
{{- define "rose-csi.backendVolumes" -}}
- name: config
  configMap:
    name: {{ include "rose-csi.fullname" (index . 0) }}-{{ index . 1 }}
- name: ssh
  projected:
    defaultMode: 288 # 0440, in the one notation that YAML 1.1 and 1.2 share
    sources:
      {{- range index . 2 }}
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

{{/* Rules of a NetworkPolicy: DNS, the API server, and the SSH ports of the backends. */}}
{{- define "rose-csi.backendEgress" -}}
- ports:
    {{- range .Values.networkPolicy.dnsPorts }}
    - port: {{ . }}
      protocol: UDP
    - port: {{ . }}
      protocol: TCP
    {{- end }}
# The API server's address is not known here, and some plugins see it behind its Service, some in front of it.
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- range .Values.config.backends }}
- ports:
    - port: {{ default 22 .ssh.port }}
      protocol: TCP
  {{- if regexMatch "^[0-9]+(\\.[0-9]+){3}$" .ssh.host }}
  to:
    - ipBlock:
        cidr: {{ .ssh.host }}/32
  {{- else if contains ":" .ssh.host }}
  to:
    - ipBlock:
        cidr: {{ .ssh.host }}/128
  {{- end }}
{{- end }}
{{- end -}}

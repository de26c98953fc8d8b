{{/* The groups of nodes, a DaemonSet for each: those of the values, or one of all nodes. */}}
{{- define "rose-csi.nodeGroups" -}}
{{- with .Values.node -}}
{{- default (list (dict "nodeSelector" dict "networks" .networks)) .groups | toYaml -}}
{{- end -}}
{{- end -}}

{{/* Two plugins on one node would fight for its socket, and volumes of a network that no node reaches could be used nowhere. */}}
{{- define "rose-csi.checkNodeGroups" -}}
{{- $groups := list -}}
{{- $networks := list -}}
{{- range $group := include "rose-csi.nodeGroups" . | fromYamlArray -}}
{{- $name := default "" $group.name -}}
{{- range $other := $groups -}}
{{- if eq $name (default "" $other.name) -}}
{{- fail (printf "node.groups: two are called %q" $name) -}}
{{- end -}}
{{- $apart := false -}}
{{- range $key, $value := $group.nodeSelector -}}
{{- $apart = or $apart (and (hasKey $other.nodeSelector $key) (ne $value (get $other.nodeSelector $key))) -}}
{{- end -}}
{{- if not $apart -}}
{{- fail (printf "node.groups: a node may be in both %q and %q; give their nodeSelectors one label with different values" (default "" $other.name) $name) -}}
{{- end -}}
{{- end -}}
{{- $groups = append $groups $group -}}
{{- $networks = concat $networks $group.networks -}}
{{- end -}}
{{- range .Values.config.backends -}}
{{- $network := default "default" .network -}}
{{- if not (has $network $networks) -}}
{{- fail (printf "config.backends: %s is on the network %s, and no node reaches it: add it to node.networks or to a group of node.groups" .name $network) -}}
{{- end -}}
{{- end -}}
{{- end -}}

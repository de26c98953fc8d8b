{{/* The controller's configuration file. Secrets are named by path only. */}}
{{- define "rose-csi.config" -}}
{{- $config := merge (pick .Values "clusterId" "driverName") (omit .Values.config "backends") -}}
{{- with .Values.metrics -}}
{{- if .enabled }}{{ $_ := set $config "metrics" (dict "port" (int .port)) }}{{ end -}}
{{- end -}}
{{- if not .Values.events.enabled }}{{ $_ := set $config "events" (dict "enabled" false) }}{{ end -}}
{{- $backends := list -}}
{{- range .Values.config.backends -}}
{{- $backend := deepCopy . -}}
{{- $_ := set $backend.ssh "privateKeyFile" (printf "/etc/rose-csi/ssh/%s/ssh-privatekey" .name) -}}
{{- if not .ssh.hostKeys -}}
{{- $_ := set $backend.ssh "hostKeysFile" (printf "/etc/rose-csi/ssh/%s/ssh-hostkeys" .name) -}}
{{- end -}}
{{- $_ := unset $backend.ssh "secretName" -}}
{{- $backends = append $backends $backend -}}
{{- end -}}
{{- $_ := set $config "backends" $backends -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Refuses at once what the schema cannot see and the driver would refuse later. */}}
{{- define "rose-csi.check" -}}
{{- $_ := required "clusterId is required: it marks what this cluster owns on the RDS, and must never change. A good one: --set clusterId=$(kubectl get namespace kube-system -o jsonpath={.metadata.uid})" .Values.clusterId -}}
{{- if not .Values.config.backends -}}
{{- fail "config.backends is required: at least one RDS, see docs/install.md" -}}
{{- end -}}
{{/* What lookup finds, there is only in a cluster: `helm template` knows nothing of its kinds. */}}
{{- $live := lookup "v1" "Namespace" "" "kube-system" -}}
{{- if and $live .Values.snapshotter.enabled (not (.Capabilities.APIVersions.Has "snapshot.storage.k8s.io/v1")) -}}
{{- fail (printf "this cluster has no snapshot kinds. Install them and the snapshot-controller, which belong to the cluster:\n  kubectl apply -k 'https://github.com/kubernetes-csi/external-snapshotter/client/config/crd?ref=%[1]s'\n  kubectl apply -k 'https://github.com/kubernetes-csi/external-snapshotter/deploy/kubernetes/snapshot-controller?ref=%[1]s'\nor do without snapshots: --set snapshotter.enabled=false" .Values.images.snapshotter.tag) -}}
{{- end -}}
{{- include "rose-csi.checkChanges" . -}}
{{- range list "monitors" "rules" "dashboard" -}}
{{- if and (get $.Values.metrics .).enabled (not $.Values.metrics.enabled) -}}
{{- fail (printf "metrics.%s needs metrics.enabled" .) -}}
{{- end -}}
{{- end -}}
{{- $pools := dict -}}
{{- $uuids := list -}}
{{- range .Values.config.backends -}}
{{- if hasKey $pools .name -}}
{{- fail (printf "config.backends: %s is there twice" .name) -}}
{{- end -}}
{{- $labels := list -}}
{{- range .pools -}}
{{- if has .uuid $uuids -}}
{{- fail (printf "config.backends: %s is there twice; a pool belongs to one backend and is listed once" .uuid) -}}
{{- end -}}
{{- $labels = append $labels .label -}}
{{- $uuids = append $uuids .uuid -}}
{{- end -}}
{{- $_ := set $pools .name $labels -}}
{{- end -}}
{{- include "rose-csi.checkNodeGroups" . -}}
{{- include "rose-csi.checkServiceAccounts" . -}}
{{- include "rose-csi.checkConsole" . -}}
{{- include "rose-csi.checkLabels" . -}}
{{- range .Values.storageClasses -}}
{{- $backend := .backend -}}
{{- if and (not $backend) (gt (len $pools) 1) -}}
{{- fail (printf "storageClasses: %s must name its backend, since there are several: %s" .name (keys $pools | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $backend = default (keys $pools | first) $backend -}}
{{- if not (hasKey $pools $backend) -}}
{{- fail (printf "storageClasses: %s names the backend %s, which is none of %s" .name $backend (keys $pools | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $labels := get $pools $backend -}}
{{- if and (not .pool) (gt (len $labels) 1) -}}
{{- fail (printf "storageClasses: %s must name its pool, since %s has several: %s" .name $backend (join ", " $labels)) -}}
{{- end -}}
{{- if and .pool (not (has .pool $labels)) -}}
{{- fail (printf "storageClasses: %s names the pool %s, and %s has %s" .name .pool $backend (join ", " $labels)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses what would leave the volumes of a running installation without their driver, before anything is changed. */}}
{{- define "rose-csi.checkChanges" -}}
{{- $live := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-controller" (include "rose-csi.fullname" .)) -}}
{{- $before := index (default dict $live.data) "controller.yaml" | default "" | fromYaml -}}
{{- $adopted := default list .Values.config.adoptedClusterIds -}}
{{- with $before.clusterId -}}
{{- if not (or (eq . $.Values.clusterId) (has . $adopted)) -}}
{{- fail (printf "clusterId is %s in the cluster and must never change: under %s the driver would not own its volumes. Where that is meant, list %s under config.adoptedClusterIds" . $.Values.clusterId .) -}}
{{- end -}}
{{- end -}}
{{- with $before.driverName -}}
{{- if ne . $.Values.driverName -}}
{{- fail (printf "driverName is %s in the cluster and must never change: PersistentVolumes, classes and the names on the RDS have it" .) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range .Values.config.backends -}}{{- $names = append $names .name -}}{{- end -}}
{{- $reached := list -}}
{{- range include "rose-csi.nodeGroups" . | fromYamlArray -}}{{- $reached = concat $reached .networks -}}{{- end -}}
{{- range $before.backends -}}
{{- if not (has .name $names) -}}
{{- include "rose-csi.checkBackendGone" (list $ .name) -}}
{{- end -}}
{{- $network := default "default" .network -}}
{{- if not (has $network $reached) -}}
{{- include "rose-csi.checkNetworkGone" (list $ $network) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* No pod is placed whose PersistentVolume is on a network that no node reaches. */}}
{{- define "rose-csi.checkNetworkGone" -}}
{{- $root := index . 0 -}}
{{- $network := index . 1 -}}
{{- $key := printf "%s/network-%s" $root.Values.driverName $network | quote -}}
{{- range (lookup "v1" "PersistentVolume" "" "").items -}}
{{- if contains $key (toJson .spec.nodeAffinity) -}}
{{- fail (printf "node.networks: no node reaches the network %s any more, and PersistentVolumes are on it (such as %s). A network is never renamed; a node may reach it under two names" $network .metadata.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A backend may go when nothing names it any more. Asked for only then, as not everyone may list what is not in a namespace. */}}
{{- define "rose-csi.checkBackendGone" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $users := list -}}
{{- range (lookup "v1" "PersistentVolume" "" "").items -}}
{{- with .spec.csi -}}
{{- if and (eq .driver $root.Values.driverName) (hasPrefix (printf "%s:" $name) .volumeHandle) -}}
{{- $users = append $users .volumeHandle -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $users -}}
{{- fail (printf "config.backends: %s is in the cluster and not in the values, and PersistentVolumes name it (%d, such as %s). A backend is never renamed; it may be removed when nothing names it" $name (len $users) (first $users)) -}}
{{- end -}}
{{- end -}}

{{/* With one account for two, each could do what the other may. */}}
{{- define "rose-csi.checkServiceAccounts" -}}
{{- range $component := list "controller" "node" "console" -}}
{{- with (get $.Values $component).serviceAccount -}}
{{- if not (or .create .name) -}}
{{- fail (printf "%s.serviceAccount: name must say which one there is, since create is false" $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq (include "rose-csi.serviceAccountName" (list . "controller")) (include "rose-csi.serviceAccountName" (list . "node")) -}}
{{- fail "node.serviceAccount: it must be another one than that of the controller, whose rights no node should have" -}}
{{- end -}}
{{- if .Values.console.enabled -}}
{{- range $component := list "controller" "node" -}}
{{- if eq (include "rose-csi.serviceAccountName" (list $ "console")) (include "rose-csi.serviceAccountName" (list $ $component)) -}}
{{- fail (printf "console.serviceAccount: it must be another one than that of the %s, since the console only reads" $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A label that is there twice, or another one than selectors look for, would be found out late or never. */}}
{{- define "rose-csi.checkLabels" -}}
{{- $given := dict "commonLabels" .Values.commonLabels "controller.podLabels" .Values.controller.podLabels "node.podLabels" .Values.node.podLabels "console.podLabels" .Values.console.podLabels -}}
{{- $own := list "app.kubernetes.io/component" "app.kubernetes.io/instance" "app.kubernetes.io/managed-by" "app.kubernetes.io/name" "app.kubernetes.io/version" "helm.sh/chart" "rose-csi.io/node-group" -}}
{{- range $value, $labels := $given -}}
{{- range $label := keys $labels | sortAlpha -}}
{{- if has $label $own -}}
{{- fail (printf "%s: %s is the chart's own" $value $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

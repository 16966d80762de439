{{/* Everything is named kube-ipam: of the plugin's socket and files a node has one each. */}}

{{- define "kube-ipam.labels" -}}
app.kubernetes.io/name: kube-ipam
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "kube-ipam.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if hasPrefix "sha256:" $tag -}}
{{ .Values.image.repository }}@{{ $tag }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{/* What every container of ours may do: nothing beyond reading and writing what is mounted. */}}
{{- define "kube-ipam.confined" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
{{- end }}

{{/* Where the API server is, for pods that must not depend on what the network's pods bring. */}}
{{- define "kube-ipam.apiServer" -}}
{{- with .Values.apiServer }}
{{- if .host }}
- name: KUBERNETES_SERVICE_HOST
  value: {{ .host | quote }}
- name: KUBERNETES_SERVICE_PORT
  value: {{ .port | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kube-ipam.onNode" -}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
- name: KUBE_IPAM_CONFIG
  value: {{ .Values.paths.etc }}/config.json
{{- end }}

{{/* A probe's address, from HOST:PORT. */}}
{{- define "kube-ipam.probed" -}}
{{- $port := regexFind "[0-9]+$" . -}}
{{- $host := trimSuffix (printf ":%s" $port) . | trimPrefix "[" | trimSuffix "]" -}}
port: {{ $port }}
{{- if not (has $host (list "" "0.0.0.0" "::")) }}
host: {{ $host | quote }}
{{- end }}
{{- end }}

{{/*
The own account, as kubelet mounts it by itself, but for the token's life: 3607 seconds, kubelet's own wish, make
the API server give a year.
*/}}
{{- define "kube-ipam.account" -}}
- name: account
  projected:
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- end }}

{{- define "kube-ipam.accountMount" -}}
- {name: account, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end }}

{{/* The objects of a file beside the chart (deploy/rbac and others), in this release's namespace. */}}
{{- define "kube-ipam.objects" -}}
{{- $root := .root -}}
{{- range splitList "\n---" (printf "\n%s" .text) }}
{{- $object := fromYaml . }}
{{- with $object.Error }}{{ fail (printf "not YAML: %s" .) }}{{ end }}
{{- $kept := has ($object.kind | default "") (list "Secret" "Lease") }}
{{- /* What the controller fills in stays, also where an earlier one has made it itself. */}}
{{- $there := and $kept (lookup $object.apiVersion $object.kind $root.Release.Namespace $object.metadata.name) }}
{{- if and $object.kind (ne $object.kind "Namespace") (not $there) }}
{{- if $kept }}{{ $_ := set $object.metadata "annotations" (dict "helm.sh/resource-policy" "keep") }}{{ end }}
{{- $_ := set $object.metadata "labels" (merge (dict) ($object.metadata.labels | default dict) (include "kube-ipam.labels" $root | fromYaml)) }}
{{- if or $object.metadata.namespace (has $object.kind (list "PrometheusRule" "PodMonitor")) }}{{ $_ := set $object.metadata "namespace" $root.Release.Namespace }}{{ end }}
{{- range $object.webhooks }}{{ $_ := set .clientConfig.service "namespace" $root.Release.Namespace }}{{ end }}
{{- range $object.subjects }}{{ if .namespace }}{{ $_ := set . "namespace" $root.Release.Namespace }}{{ end }}{{ end }}
{{- if eq $object.kind "FlowSchema" }}{{ range $object.spec.rules }}{{ range .subjects }}{{ $_ := set .serviceAccount "namespace" $root.Release.Namespace }}{{ end }}{{ end }}{{ end }}
---
{{ toYaml $object }}
{{- end }}
{{- end }}
{{- end }}

{{/* The store: etcd where that is named, a store for each node where the values say so, else Kubernetes' own API. */}}
{{- define "kube-ipam.store" -}}
{{- if .Values.etcd.endpoints -}}
etcd
{{- else if or .Values.etcd.secret .Values.etcd.username -}}
{{ fail "etcd.secret or etcd.username without etcd.endpoints: name the endpoints, or leave out all of etcd to keep the records in Kubernetes itself" }}
{{- else if .Values.config.nodeLocal -}}
embedded
{{- else -}}
kubernetes
{{- end -}}
{{- end }}

{{/* What agent and controller both read, as a dict in JSON: where the store is, and what the values add. */}}
{{- define "kube-ipam.file" -}}
{{- $file := mustDeepCopy .Values.config }}
{{- with .Values.etcd }}
{{- if .endpoints }}
{{- $etcd := dict "etcdURL" (join "," .endpoints) "prefix" .prefix }}
{{- if .secret }}
{{- $folder := printf "%s/etcd" $.Values.paths.etc }}
{{- $_ := set $etcd "etcdCertFile" (printf "%s/tls.crt" $folder) }}
{{- $_ := set $etcd "etcdKeyFile" (printf "%s/tls.key" $folder) }}
{{- $_ := set $etcd "etcdTrustedCAFileFile" (printf "%s/ca.crt" $folder) }}
{{- end }}
{{- if .username }}
{{- $_ := set $etcd "username" .username }}
{{- $_ := set $etcd "passwordFile" (printf "%s/etcd/password" $.Values.paths.etc) }}
{{- end }}
{{- $_ := set $file "etcdConfig" $etcd }}
{{- end }}
{{- end }}
{{- if eq (include "kube-ipam.store" .) "kubernetes" }}
{{- $_ := set $file "store" "kubernetes" }}
{{- end }}
{{- mustToJson $file }}
{{- end }}

{{/* A controller looks after the store of a whole cluster: without one there is nothing to look after. */}}
{{- define "kube-ipam.hasController" -}}
{{- if and .Values.controller.enabled (ne (include "kube-ipam.store" .) "embedded") }}yes{{ end }}
{{- end }}

{{- define "relaunch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* 50 at most: a StatefulSet's pods carry its name and ten characters in a label. */}}
{{- define "relaunch.fullname" -}}
{{- $name := include "relaunch.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "relaunch.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "relaunch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "relaunch.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "relaunch.image" -}}
{{- $repository := ternary (printf "%s/%s" .Values.image.registry .Values.image.repository) .Values.image.repository (ne .Values.image.registry "") -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Never with a version in them: they stand where nothing can be changed. */}}
{{- define "relaunch.selectorLabels" -}}
app.kubernetes.io/name: {{ include "relaunch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "relaunch.labels" -}}
app.kubernetes.io/name: {{ include "relaunch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
An object's metadata. Takes a dict: root, and optionally suffix of the name, component, namespace, labels, annotations.
*/}}
{{- define "relaunch.metadata" -}}
{{- $name := include "relaunch.fullname" .root -}}
metadata:
  name: {{ ternary (printf "%s-%s" $name .suffix) $name (hasKey . "suffix") }}
  namespace: {{ .namespace | default (include "relaunch.namespace" .root) }}
  labels:
    {{- include "relaunch.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component | default "server" }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The namespaces whose Deployments may be restarted, as a JSON list. */}}
{{- define "relaunch.namespaces" -}}
{{- if eq .Values.rbac.scope "cluster" -}}
{{- list "*" | toJson -}}
{{- else if eq .Values.rbac.scope "namespaces" -}}
{{- .Values.rbac.namespaces | toJson -}}
{{- else -}}
{{- list (include "relaunch.namespace" .) | toJson -}}
{{- end -}}
{{- end -}}

{{/* The configuration file as JSON: what the user says, over the chart's own. */}}
{{- define "relaunch.config" -}}
{{- $own := dict "state" "/var/lib/relaunch" "rules" "/etc/relaunch/rules" "mapping" "/etc/relaunch/mapping" -}}
{{- $_ := set $own "kubernetes" (dict "namespaces" (include "relaunch.namespaces" . | fromJsonArray)) -}}
{{- if .Values.admin.tokenSecret.name -}}
{{- $_ := set $own "listeners" (dict "admin" (dict "tokenFile" "/etc/relaunch/admin/token")) -}}
{{- end -}}
{{- mergeOverwrite $own (deepCopy .Values.config) | toJson -}}
{{- end -}}

{{/* A listener's setting. Takes a dict: root, listener, setting, default. */}}
{{- define "relaunch.listener" -}}
{{- $listener := get (.root.Values.config.listeners | default dict) .listener | default dict -}}
{{- get $listener .setting | default .default -}}
{{- end -}}
{{- define "relaunch.pushPort" -}}{{ include "relaunch.listener" (dict "root" . "listener" "push" "setting" "port" "default" 8080) }}{{- end -}}
{{- define "relaunch.opsPort" -}}{{ include "relaunch.listener" (dict "root" . "listener" "ops" "setting" "port" "default" 9090) }}{{- end -}}
{{- define "relaunch.adminPort" -}}{{ include "relaunch.listener" (dict "root" . "listener" "admin" "setting" "port" "default" 8081) }}{{- end -}}
{{- define "relaunch.adminAddress" -}}{{ include "relaunch.listener" (dict "root" . "listener" "admin" "setting" "address" "default" "127.0.0.1") }}{{- end -}}
{{/* "yes" or nothing: whether the listener speaks TLS. Takes a dict: root, listener. */}}
{{- define "relaunch.hasTLS" -}}
{{- $listener := get (.root.Values.config.listeners | default dict) .listener | default dict -}}
{{- if $listener.tls -}}yes{{- end -}}
{{- end -}}
{{/* "yes" or nothing: whether others than this pod reach the address. */}}
{{- define "relaunch.isOpen" -}}
{{- if not (regexMatch "^(localhost|127\\..*|::1)$" .) -}}yes{{- end -}}
{{- end -}}

{{/* A duration of the configuration in milliseconds. */}}
{{- define "relaunch.milliseconds" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9]+" $text | int64 -}}
{{- if hasSuffix "ms" $text -}}{{ $number }}
{{- else if hasSuffix "m" $text -}}{{ mul $number 60000 }}
{{- else if hasSuffix "h" $text -}}{{ mul $number 3600000 }}
{{- else -}}{{ mul $number 1000 }}
{{- end -}}
{{- end -}}

{{/* A quantity of Kubernetes in bytes. */}}
{{- define "relaunch.bytes" -}}
{{- $factors := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Pi" 1125899906842624 "P" 1000000000000000 "Ei" 1152921504606846976 "E" 1000000000000000000 -}}
{{- mulf (toString . | regexFind "^[0-9.]+") (get $factors (toString . | regexFind "[A-Za-z]+$") | default 1) -}}
{{- end -}}

{{/* How long a load balancer must wait for an answer, in seconds. */}}
{{- define "relaunch.answerSeconds" -}}
{{- $limits := .Values.config.limits | default dict -}}
{{- add 10 (div (include "relaunch.milliseconds" ($limits.answerDeadline | default "120s") | int64) 1000) -}}
{{- end -}}

{{/* The pods of `helm test`, among those a policy names. */}}
{{- define "relaunch.testPeers" }}
{{- if .Values.tests.enabled }}
        - podSelector:
            matchLabels:
              app.kubernetes.io/instance: {{ .Release.Name }}
              app.kubernetes.io/component: test
{{- end }}
{{- end }}

{{/* What a policy of GKE is about. */}}
{{- define "relaunch.serviceRef" }}
  targetRef:
    group: ""
    kind: Service
    name: {{ include "relaunch.fullname" . }}
{{- end }}

{{/* Whom the Roles are bound to. */}}
{{- define "relaunch.subjects" }}
subjects:
  - kind: ServiceAccount
    name: {{ include "relaunch.serviceAccountName" . }}
    namespace: {{ include "relaunch.namespace" . }}
{{- end }}

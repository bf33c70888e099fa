{{/* Values that do not fit together. Each message says what to change. */}}
{{- define "relaunch.guards" -}}
{{- $values := .Values -}}
{{- $config := .Values.config -}}
{{- $listeners := $config.listeners | default dict -}}

{{- if not $config.sources -}}
{{- fail "config.sources: there is none, so nothing could be received; name at least one, such as config.sources.gar.authentication: {audience: …, email: …, keys: {url: …}}" -}}
{{- end -}}
{{- range $name, $source := $config.sources -}}
{{- if and $source (eq (toString $source.authentication) "none") -}}
{{- fail (printf "config.sources.%s.authentication: none is accepted only with a push listener on loopback, which no load balancer reaches; give audience, email and keys" $name) -}}
{{- end -}}
{{- if and $source (not $values.persistence.enabled) (ne (toString $source.ack) "completed") -}}
{{- fail (printf "persistence.enabled: without a volume an event that was acknowledged would go with the pod; set config.sources.%s.ack: completed, or persistence.enabled: true" $name) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int .Values.replicaCount) 1) .Values.persistence.enabled -}}
{{- fail "replicaCount: with a volume there is one writer; set replicaCount: 1, or persistence.enabled: false and ack: completed for each source" -}}
{{- end -}}
{{- if and .Values.persistence.existingClaim (not .Values.persistence.enabled) -}}
{{- fail "persistence.existingClaim: it is not used while persistence.enabled is false; set one or the other" -}}
{{- end -}}

{{- $volume := ternary (dict "name" "persistence.size" "size" .Values.persistence.size) (dict "name" "emptyDir.sizeLimit" "size" .Values.emptyDir.sizeLimit) .Values.persistence.enabled -}}
{{- $needed := mulf (get ($config.log | default dict) "bytes" | default 1073741824) 1.25 -}}
{{- if and (not .Values.persistence.existingClaim) (gt $needed (include "relaunch.bytes" $volume.size | float64)) -}}
{{- fail (printf "config.log.bytes: it is at most four fifths of the volume; set %s to %.0f or more, or lower it" $volume.name $needed) -}}
{{- end -}}

{{- if or (eq (get ($listeners.push | default dict) "address" | default "" | toString) "127.0.0.1") (eq (get ($listeners.ops | default dict) "address" | default "" | toString) "127.0.0.1") -}}
{{- fail "config.listeners: push and ops cannot listen on loopback here, where neither a Service nor the kubelet reaches them; leave their address out" -}}
{{- end -}}
{{- if get (get ($listeners.ops | default dict) "tls" | default dict) "clientAuthorities" -}}
{{- fail "config.listeners.ops.tls.clientAuthorities: the kubelet shows no certificate, so its probes would fail; leave it out, and use networkPolicy.ops.from" -}}
{{- end -}}
{{- if lt (list (include "relaunch.pushPort" .) (include "relaunch.opsPort" .) (include "relaunch.adminPort" .) | uniq | len) 3 -}}
{{- fail "config.listeners: two listeners have the same port; give push, ops and admin ports of their own" -}}
{{- end -}}
{{- $adminIsOpen := include "relaunch.isOpen" (include "relaunch.adminAddress" .) -}}
{{- if and $adminIsOpen (not .Values.admin.tokenSecret.name) (not (get (get ($listeners.admin | default dict) "tls" | default dict) "clientAuthorities")) -}}
{{- fail "config.listeners.admin.address: another address than loopback needs a token; name a Secret in admin.tokenSecret.name, or set config.listeners.admin.tls.clientAuthorities" -}}
{{- end -}}
{{- if and .Values.adminService.enabled (not $adminIsOpen) -}}
{{- fail "adminService.enabled: no Service reaches a listener on loopback; set config.listeners.admin.address: 0.0.0.0 and admin.tokenSecret.name, or use kubectl port-forward" -}}
{{- end -}}

{{- $stop := $config.stop | default dict -}}
{{- $stopping := add (include "relaunch.milliseconds" ($stop.lameDuck | default "5s") | int64) (include "relaunch.milliseconds" ($stop.requests | default "10s") | int64) (include "relaunch.milliseconds" ($stop.jobs | default "10s") | int64) -}}
{{- if le (mul 1000 (int64 .Values.terminationGracePeriodSeconds)) $stopping -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is not more than the %d ms that config.stop may take; raise it" (int .Values.terminationGracePeriodSeconds) $stopping) -}}
{{- end -}}

{{- if and .Values.rules.existingConfigMap .Values.rules.files -}}
{{- fail "rules: existingConfigMap and files exclude each other; leave one of them out" -}}
{{- end -}}
{{- if and .Values.mapping.existingConfigMap (or .Values.mapping.files .Values.mapping.images) -}}
{{- fail "mapping: existingConfigMap excludes files and images; leave it or them out" -}}
{{- end -}}
{{- if and .Values.mapping.images (hasKey .Values.mapping.files "images.yaml") -}}
{{- fail "mapping.files: images.yaml is the name under which mapping.images is written; give the file another name" -}}
{{- end -}}

{{- if and (eq .Values.rbac.scope "namespaces") (not .Values.rbac.namespaces) -}}
{{- fail "rbac.namespaces: scope namespaces needs at least one; list them, or set rbac.scope: release" -}}
{{- end -}}
{{- if and (ne .Values.rbac.scope "namespaces") .Values.rbac.namespaces -}}
{{- fail (printf "rbac.namespaces: they count with rbac.scope: namespaces alone, and it is %s; set the scope, or leave the list out" .Values.rbac.scope) -}}
{{- end -}}
{{- with (get ($config.kubernetes | default dict) "namespaces") -}}
{{- $allowed := include "relaunch.namespaces" $ | fromJsonArray -}}
{{- $wanted := ternary . (list .) (kindIs "slice" .) -}}
{{- if and $values.rbac.create (or (eq $values.rbac.scope "release") (eq $values.rbac.scope "namespaces")) -}}
{{- range $wanted -}}
{{- if not (has . $allowed) -}}
{{- fail (printf "config.kubernetes.namespaces: there would be no Role in %s, so each restart there would be forbidden; set rbac.scope: namespaces and list it in rbac.namespaces, or rbac.scope: cluster" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $namespace, $names := .Values.rbac.resourceNames -}}
{{- if not (has $namespace (include "relaunch.namespaces" $ | fromJsonArray)) -}}
{{- fail (printf "rbac.resourceNames: %s has no Role; list it in rbac.namespaces, with rbac.scope: namespaces" $namespace) -}}
{{- end -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: name the one to use where serviceAccount.create is false; the rights would else go to the namespace's default account" -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.automountServiceAccountToken) (not (get ($config.kubernetes | default dict) "kubeconfig")) -}}
{{- fail "serviceAccount.automountServiceAccountToken: without the token the server does not start; set it to true, or name a kubeconfig in config.kubernetes.kubeconfig" -}}
{{- end -}}

{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: name the host of the push endpoint, such as [hooks.example.com]" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: name the Gateway that the route belongs to, such as [{name: external, namespace: gateways}]" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.hostnames) -}}
{{- fail "httpRoute.hostnames: name the host of the push endpoint, such as [hooks.example.com]" -}}
{{- end -}}
{{- range $name := list "managedCertificate" "backendConfig" "frontendConfig" -}}
{{- if and (get (get $values.gke $name) "enabled") (not $values.ingress.enabled) -}}
{{- fail (printf "gke.%s.enabled: it belongs to an Ingress; set ingress.enabled: true, or for a Gateway gke.healthCheckPolicy and gke.backendPolicy" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name := list "healthCheckPolicy" "backendPolicy" -}}
{{- if and (get (get $values.gke $name) "enabled") (not $values.httpRoute.enabled) -}}
{{- fail (printf "gke.%s.enabled: it belongs to a Gateway; set httpRoute.enabled: true, or for an Ingress gke.backendConfig" $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (hasPrefix "gce" .Values.ingress.className) (not .Values.gke.backendConfig.enabled) (not (hasKey .Values.service.annotations "cloud.google.com/backend-config")) -}}
{{- fail "gke.backendConfig.enabled: GKE's load balancer asks / for its health check, which the push listener answers 404, so it would send nothing here; set it to true" -}}
{{- end -}}
{{- if and .Values.podDisruptionBudget.enabled (has (toString .Values.podDisruptionBudget.maxUnavailable) (list "0" "0%")) -}}
{{- fail "podDisruptionBudget.maxUnavailable: with 0 no pod may ever be evicted, so node drains hang; set 1" -}}
{{- end -}}
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics: podMonitor and serviceMonitor would both scrape the pod, and each series would count twice; enable one of them" -}}
{{- end -}}
{{- end -}}

{{/* The alerts, as a group of Prometheus rules. Scripts check that every metric in them exists. */}}
{{- define "relaunch.alerts" -}}
{{- $name := include "relaunch.fullname" . -}}
{{- $namespace := include "relaunch.namespace" . -}}
{{- $at := printf "namespace=%q,pod=~\"%s-[0-9]+\"" $namespace $name -}}
{{- $age := .Values.metrics.alerts.backlogAgeSeconds | int -}}
rules:
  {{- if gt (int .Values.replicaCount) 0 }}
  - alert: RelaunchDown
    expr: absent(relaunch_ready{ {{- $at -}} })
    for: 5m
    labels: {severity: critical}
    annotations:
      summary: Relaunch is not seen by Prometheus, so nothing is restarted. Pub/Sub keeps the pushes meanwhile.
      description: Look at the pod of StatefulSet {{ $namespace }}/{{ $name }}, its last lines and its exit code.
  {{- end }}
  - alert: RelaunchNotReady
    expr: relaunch_ready{ {{- $at -}} } == 0
    for: 5m
    labels: {severity: critical}
    annotations:
      summary: Relaunch takes no pushes.
      description: "/readyz of {{ "{{ $labels.pod }}" }} says why: the log, the keys, or the rules."
  - alert: RelaunchLogNotWritable
    expr: relaunch_log_failed{ {{- $at -}} } == 1 or relaunch_log_room{ {{- $at -}} } == 0
    for: 1m
    labels: {severity: critical}
    annotations:
      summary: The log of Relaunch takes no new events, so pushes are answered 503.
      description: The volume of {{ "{{ $labels.pod }}" }} is full or fails, or what must be kept reaches config.log.bytes.
  - alert: RelaunchLogGaps
    expr: relaunch_log_gaps{ {{- $at -}} } > 0
    labels: {severity: warning}
    annotations:
      summary: A repair of the log has found records missing.
      description: docs/operations.md, A damaged log, says what a lost record means.
  - alert: RelaunchDeadLetters
    expr: relaunch_dead_letters{ {{- $at -}} } > 0
    for: 1m
    labels: {severity: warning}
    annotations:
      summary: "{{ "{{ $value }}" }} restarts were given up and wait for a person."
      description: relaunch deadletters list says which and why; mend the cause, then relaunch deadletters replay ID.
  - alert: RelaunchDeadLettersForgotten
    expr: increase(relaunch_dead_letters_forgotten{ {{- $at -}} }[1h]) > 0
    labels: {severity: warning}
    annotations:
      summary: Dead letters left the list because there were too many.
      description: Raise config.limits.deadLetters and deadLetterBytes, or replay and discard what is there.
  - alert: RelaunchBacklogOld
    expr: relaunch_backlog_oldest_seconds{ {{- $at -}} } > {{ $age }}
    for: 5m
    labels: {severity: warning}
    annotations:
      summary: The oldest unfinished work of Relaunch is {{ "{{ $value | humanizeDuration }}" }} old.
      description: /jobs of the admin listener says what it waits for, most often the API server.
  - alert: RelaunchOverloaded
    expr: rate(relaunch_pushes_overloaded_total{ {{- $at -}} }[5m]) > 0
    for: 10m
    labels: {severity: warning}
    annotations:
      summary: Relaunch answers pushes 429; Pub/Sub sends them again.
      description: The backlog is at config.limits.backlog, or too many pushes wait for the log.
  - alert: RelaunchAPIServerFailing
    expr: relaunch_api_circuit_open{ {{- $at -}} } == 1
    for: 5m
    labels: {severity: critical}
    annotations:
      summary: The API server fails, and restarts wait for it.
      description: The log line "circuit opened" has the last error.
  - alert: RelaunchPatchForbidden
    expr: increase(relaunch_attempts_failed_total{ {{- $at -}} ,reason="forbidden"}[15m]) > 0
    labels: {severity: warning}
    annotations:
      summary: The API server forbids restarts.
      description: The service account needs get and patch on deployments.apps there. rbac.scope and rbac.namespaces say where the chart gives them.
  - alert: RelaunchPatchFailing
    expr: sum by (namespace, pod) (increase(relaunch_attempts_failed_total{ {{- $at -}} ,reason!~"forbidden|conflict"}[15m])) > 10
    for: 5m
    labels: {severity: warning}
    annotations:
      summary: Restarts fail again and again.
      description: The log line "attempt failed" has the error of each.
  - alert: RelaunchPushesUnauthorized
    expr: sum by (namespace, pod, source) (increase(relaunch_pushes_unauthorized_total{ {{- $at -}} }[15m])) > 5
    for: 5m
    labels: {severity: warning}
    annotations:
      summary: Pushes to source {{ "{{ $labels.source }}" }} are refused for their token.
      description: The log line "push refused" has the reason, most often another audience or service account than the subscription's.
  - alert: RelaunchKeysStale
    expr: relaunch_oidc_keys_stale_seconds{ {{- $at -}} } > 3600
    for: 5m
    labels: {severity: warning}
    annotations:
      summary: The issuer's keys of source {{ "{{ $labels.source }}" }} cannot be fetched.
      description: After 24 hours every push is refused. The log line oidc.keys.unavailable has the reason.
  - alert: RelaunchConfigurationRejected
    expr: relaunch_rules_errors{ {{- $at -}} } > 0
    for: 2m
    labels: {severity: warning}
    annotations:
      summary: Rules or mapping have errors; what was good before stays in force.
      description: /rules of the admin listener names file, line and column of each; relaunch check finds them before.
  - alert: RelaunchWithoutRules
    expr: relaunch_rules_sensors{ {{- $at -}} } == 0
    for: 15m
    labels: {severity: warning}
    annotations:
      summary: There is no Sensor, so no push restarts anything.
      description: Set rules.files or rules.existingConfigMap.
  - alert: RelaunchNotificationsGivenUp
    expr: increase(relaunch_notifications_given_up_total{ {{- $at -}} }[1h]) > 0 or increase(relaunch_notifications_dropped{ {{- $at -}} }[1h]) > 0
    labels: {severity: warning}
    annotations:
      summary: Somebody was not told what happened.
      description: The log line "notification failed" says why the receiver did not take it.
  - alert: RelaunchRolloutsFailing
    expr: increase(relaunch_rollouts_total{ {{- $at -}} ,result="failed"}[30m]) > 0
    labels: {severity: warning}
    annotations:
      summary: Pods of a restarted Deployment do not become ready.
      description: "/events of the admin listener says which Deployment: the new image may be broken."
  {{- if .Values.persistence.enabled }}
  {{- $claim := .Values.persistence.existingClaim | default (printf "state-%s-[0-9]+" $name) }}
  - alert: RelaunchVolumeFilling
    expr: |-
      kubelet_volume_stats_available_bytes{namespace={{ $namespace | quote }},persistentvolumeclaim=~{{ $claim | quote }}}
        / kubelet_volume_stats_capacity_bytes{namespace={{ $namespace | quote }},persistentvolumeclaim=~{{ $claim | quote }}} < 0.2
    for: 15m
    labels: {severity: warning}
    annotations:
      summary: The volume of the log is {{ "{{ $value | humanizePercentage }}" }} free.
      description: The log keeps within config.log.bytes; something else fills the volume, or it is too small.
  {{- end }}
  {{- with .Values.metrics.alerts.noEventsFor }}
  - alert: RelaunchNoEvents
    expr: sum(increase(relaunch_events_received_total{ {{- $at -}} }[{{ . }}])) == 0
    for: 10m
    labels: {severity: warning}
    annotations:
      summary: No push has come for {{ . }}.
      description: Look at the subscription and its push endpoint, and whether images are pushed.
  {{- end }}
{{- end -}}

{{/* What PrometheusRule and Rules have in common: their spec. */}}
{{- define "relaunch.alertSpec" -}}
{{- $rules := list -}}
{{- range (include "relaunch.alerts" . | fromYaml).rules -}}
{{- if not (has .alert $.Values.metrics.alerts.disabled) -}}
{{- $_ := set . "labels" (merge (dict) $.Values.metrics.alerts.labels .labels) -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
groups:
  - name: relaunch
    rules:
      {{- concat $rules .Values.metrics.alerts.extra | toYaml | nindent 6 }}
{{- end -}}

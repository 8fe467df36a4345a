{{- define "mlb.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Labels that select the pods of a component: (list $ "live") */ -}}
{{- define "mlb.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "mlb.labels" -}}
{{- $root := index . 0 -}}
{{ include "mlb.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: mlb-data-platform
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{- define "mlb.tag" -}}
{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "mlb.secret" -}}
{{ default (include "mlb.fullname" .) .Values.secrets.name }}
{{- end -}}

{{- define "mlb.databaseHost" -}}
{{- if .Values.database.host -}}
{{ .Values.database.host }}
{{- else if .Values.postgresql.enabled -}}
{{ include "mlb.fullname" . }}-postgresql
{{- else -}}
{{ fail "database.host: name a server, or enable postgresql" }}
{{- end -}}
{{- end -}}

{{- define "mlb.s3Endpoint" -}}
{{- if .Values.objectStore.endpoint -}}
{{ .Values.objectStore.endpoint }}
{{- else if .Values.minio.enabled -}}
http://{{ include "mlb.fullname" . }}-minio:9000
{{- end -}}
{{- end -}}

{{- define "mlb.cacheHost" -}}
{{- if .Values.cache.host -}}
{{ .Values.cache.host }}
{{- else if .Values.redis.enabled -}}
{{ include "mlb.fullname" . }}-redis
{{- else -}}
{{ fail "cache.host: name a Redis, or enable redis" }}
{{- end -}}
{{- end -}}

{{- /* The DSN of a role, without its password, which is in PGPASSWORD: (list $ "writer") */ -}}
{{- define "mlb.dsn" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.database -}}
postgresql://{{ index . (index $ 1) }}@{{ include "mlb.databaseHost" $root }}:{{ .port }}/{{ .name }}?sslmode={{ .sslmode }}
{{- end -}}
{{- end -}}

{{- /* The environment of a container that is not in the ConfigMap: (list $ "writer") */ -}}
{{- define "mlb.env" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $secret := include "mlb.secret" $root -}}
{{- if ne $role "writer" }}
- {name: MLB_ETL_DSN, value: {{ include "mlb.dsn" . | quote }}}
{{- end }}
- name: PGPASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $role }}-password}}
{{- if $root.Values.objectStore.enabled }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: s3-access-key}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: s3-secret-key}}
{{- end }}
{{- end -}}

{{- define "mlb.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{ include "mlb.podSecurity" 10001 | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- include "mlb.placement" . }}
volumes:
  - {name: data, emptyDir: {sizeLimit: 1Gi}}
  - {name: tmp, emptyDir: {sizeLimit: 1Gi}}
{{- if .Values.ingestion.jobFiles }}
  - {name: jobs, configMap: {name: {{ include "mlb.fullname" . }}-jobs}}
{{- end }}
{{- end -}}

{{- define "mlb.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "mlb.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "mlb.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* A container that runs mlb-etl: dict of root, name, role, args, resources; env is optional */ -}}
{{- define "mlb.container" -}}
name: {{ .name }}
image: {{ .root.Values.image.repository }}:{{ include "mlb.tag" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toYaml .args | nindent 2 }}
envFrom:
  - configMapRef: {name: {{ include "mlb.fullname" .root }}-etl}
env: {{ include "mlb.env" (list .root .role) | trim | nindent 2 }}
{{- with .env }}
{{ toYaml . | indent 2 }}
{{- end }}
securityContext: {{ include "mlb.containerSecurity" . | nindent 2 }}
resources: {{ toYaml .resources | nindent 2 }}
volumeMounts:
  - {name: data, mountPath: /data}
  - {name: tmp, mountPath: /tmp}
{{- if .root.Values.ingestion.jobFiles }}
  - {name: jobs, mountPath: /etc/mlb-etl/jobs, readOnly: true}
{{- end }}
{{- end -}}

{{- define "paraset.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "paraset.fullname" -}}
{{- $name := include "paraset.name" . -}}
{{- $release := .Release.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name $release -}}
{{- $release | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" $release $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "paraset.operator" -}}
{{ include "paraset.fullname" . }}-operator
{{- end -}}

{{- define "paraset.serviceAccount" -}}
{{- default (include "paraset.operator" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "paraset.labels" -}}
app.kubernetes.io/name: {{ include "paraset.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: paraset
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "paraset.selector" -}}
app.kubernetes.io/name: {{ include "paraset.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "paraset.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{- /* A binding of a role to the operator's ServiceAccount: dict "root" $ "kind" ... "name" ... "namespace" ... */ -}}
{{- define "paraset.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "paraset.labels" .root | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ .name }}}
subjects:
- {kind: ServiceAccount, name: {{ include "paraset.serviceAccount" .root }}, namespace: {{ .root.Release.Namespace }}}
{{- end -}}

{{- /* What may be written where fillers are. */ -}}
{{- define "paraset.fillingRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [create, delete, patch]
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [patch]
- apiGroups: [paraset.io]
  resources: [parasets/status]
  verbs: [patch]
{{- end -}}

{{- /* CEL: whether the pod of this name is controlled by a ParaSet. */ -}}
{{- define "paraset.isFiller" -}}
has({{ . }}.metadata.ownerReferences) && {{ . }}.metadata.ownerReferences.exists(o,
o.kind == 'ParaSet' && o.apiVersion.startsWith('paraset.io/') && has(o.controller) && o.controller)
{{- end -}}

{{- /* Why something is in the namespace default, for those who check manifests. */ -}}
{{- define "paraset.inDefault" -}}
checkov.io/skip1: CKV_K8S_21=The API server takes Events about cluster-scoped objects in this namespace alone
{{- end -}}

{{- define "paraset.eventRules" -}}
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

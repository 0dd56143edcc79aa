"""Names that users, other programs and the install manifests see; they are API and do not change within a version."""

GROUP = "paraset.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

PARASET = "ParaSet"
PARASETS = "parasets"
FILL_POLICY = "FillPolicy"
FILL_POLICIES = "fillpolicies"

OPERATOR = "paraset-operator"
SYSTEM_NAMESPACE = "paraset-system"
FIELD_MANAGER = OPERATOR

FILLER_PRIORITY_CLASS = "paraset-filler"
# Below -33,554,432 Karpenter takes the node for empty, and so below -10 Cluster Autoscaler buys no node for it.
FILLER_PRIORITY = -100_000_000
DEFAULT_SCHEDULER = "default-scheduler"

FILLER = "paraset-filler"
LABEL_PARASET = "paraset.io/paraset"
LABEL_SHAPE = "paraset.io/shape"
LABEL_TEMPLATE_HASH = "paraset.io/template-hash"
ANNOTATION_CONTAINER = "paraset.io/container"
# A worker's word about itself.
ANNOTATION_LAST_CHECKPOINT = "paraset.io/last-checkpoint"
ANNOTATION_PROGRESS = "paraset.io/progress"
# What the operator tells a worker before it moves it.
ANNOTATION_LEAVING_AT = "paraset.io/leaving-at"
ANNOTATION_LEAVING_BECAUSE = "paraset.io/leaving-because"
NOTICES = (ANNOTATION_LEAVING_AT, ANNOTATION_LEAVING_BECAUSE)
# By which a pod keeps autoscalers from its node: a filler is no reason to keep one.
NODE_KEEPERS = ("cluster-autoscaler.kubernetes.io/safe-to-evict", "karpenter.sh/do-not-disrupt")
# The downward API volume of a filler, and where its shape's container finds it.
INFO_VOLUME = "paraset-info"
INFO_PATH = "/etc/paraset"
LABEL_NAME = "app.kubernetes.io/name"
LABEL_INSTANCE = "app.kubernetes.io/instance"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"

# A filler is named <set>-<index>, and its hostname has to fit the 63 characters of a DNS label.
MAX_SET_NAME = 52
MAX_REPLICAS = 1_000_000
MAX_SHAPES = 64

"""Which answers of the API server to a filler that is only tried say that the template is at fault."""

import pytest

from paraset_operator.cluster.client import ApiError
from paraset_operator.runtime.templates import fault_in

NOT_SEEN = (
    "pods \"s-0\" is forbidden: ValidatingAdmissionPolicy 'paraset-filler-namespaces' with binding "
    "'paraset-filler-namespaces' denied request: failed to configure binding: no params found for policy binding with "
    "`Deny` parameterNotFoundAction"
)


def test_a_refusal_is_the_templates_fault() -> None:
    assert fault_in(ApiError(422, "Invalid", "image: Required value")) == "image: Required value"


@pytest.mark.parametrize(("status", "message"), [(409, "already exists"), (403, "exceeded quota: q"), (422, NOT_SEEN)])
def test_a_taken_name_a_quota_and_a_set_that_is_not_seen_yet_are_not(status: int, message: str) -> None:
    assert fault_in(ApiError(status, "Invalid", message)) == ""

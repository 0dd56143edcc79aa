"""User-facing types: the only pydantic; CRD manifests; conditions."""

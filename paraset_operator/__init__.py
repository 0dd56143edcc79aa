"""ParaSet: elastic best-effort work that takes the shape of a cluster's free fragments, and yields first."""

__version__ = "0.1.0"

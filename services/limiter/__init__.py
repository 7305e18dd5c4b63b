"""Keeps our own calls below what an outside system allows, also across a crash."""

from reeld.services.limiter._bucket import Bucket, Pace
from reeld.services.limiter._limiter import Limiter, LimiterState, LimiterStore, LimiterWait

__all__ = ["Bucket", "Limiter", "LimiterState", "LimiterStore", "LimiterWait", "Pace"]

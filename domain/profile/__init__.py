"""Quality profiles: which qualities are wanted, in which order, and when it is good enough."""

from reeld.domain.profile._defaults import default_profiles
from reeld.domain.profile._from_radarr import profile_from_radarr
from reeld.domain.profile._importing import PlannedProfile, plan_profiles
from reeld.domain.profile._items import cutoff_named, items_from_json, items_to_json
from reeld.domain.profile._profile import InvalidProfile, ProfileItem, QualityProfile
from reeld.domain.profile._to_radarr import profile_to_radarr

__all__ = [
    "InvalidProfile",
    "PlannedProfile",
    "ProfileItem",
    "QualityProfile",
    "cutoff_named",
    "default_profiles",
    "items_from_json",
    "items_to_json",
    "plan_profiles",
    "profile_from_radarr",
    "profile_to_radarr",
]

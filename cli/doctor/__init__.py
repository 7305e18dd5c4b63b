"""`reeld doctor`: checks every setting and every outside system, and says how to mend what is wrong.

Nothing is changed but for small files of its own that test whether folders can be written and linked, and that are
gone afterwards. What does stay keeps the next visit and the daemon from calling too often: that HDBits was called, and
that qBittorrent rejected the credentials. Whether a daemon runs meanwhile makes no difference.
"""

from reeld.cli.doctor._findings import Finding, Status
from reeld.cli.doctor._visit import run_doctor

__all__ = ["Finding", "Status", "run_doctor"]

"""What users are told: warnings that point at their own line, texts of others within ours, names of other libraries.

It is the first that is imported of this package, so it says first if another library is too old.
"""

from skhpo.messages.requirements import check_versions

check_versions()

"""Takes off what a file is wrapped in (gzip, zip, PGP, a workbook's password) and names what nobody can read.

Only the first bytes count, never the file's name.
"""

from shared.extracts.unpack.layers import Unpacked, open_layers
from shared.extracts.unpack.limits import Limits

__all__ = ["Limits", "Unpacked", "open_layers"]

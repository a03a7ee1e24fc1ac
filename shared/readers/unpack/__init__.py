"""Takes off what a file is wrapped in (gzip, zip, PGP, a workbook's password) and names what nobody can read.

Only the first bytes count, never the file's name.
"""

from shared.readers.unpack.layers import Unpacked, open_layers

__all__ = ["Unpacked", "open_layers"]

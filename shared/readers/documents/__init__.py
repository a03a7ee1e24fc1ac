"""Readers of documents: JSON and XML. Bytes in, a table of the wanted paths out."""

from shared.readers.documents.json_document import open_json
from shared.readers.documents.sniff import looks_like_hdl, looks_like_json, looks_like_xml
from shared.readers.documents.xml_document import open_xml

__all__ = ["looks_like_hdl", "looks_like_json", "looks_like_xml", "open_json", "open_xml"]

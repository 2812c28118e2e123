"""Reading documents into one model: blocks with their places, links and formatting faults."""

from langgraph_quorum.nodes.documents.cache import read_cached
from langgraph_quorum.nodes.documents.finding import find_documents
from langgraph_quorum.nodes.documents.formats import SUFFIXES
from langgraph_quorum.nodes.documents.model import Block, Document, Fault, Link, Place, Section
from langgraph_quorum.nodes.documents.reader import parse, read

__all__ = [
    "SUFFIXES",
    "Block",
    "Document",
    "Fault",
    "Link",
    "Place",
    "Section",
    "find_documents",
    "parse",
    "read",
    "read_cached",
]

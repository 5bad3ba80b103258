"""The dashboard: pages on this machine for people who look before they read.

Here live the screens, their security and the state of one server: a history that is read once, the
runs made of it lately, and long work that can be watched and cancelled. Nothing is computed here:
every number comes from the public face, as in the command line, and every figure from
`alvh.report`.

The one idea: a page asks by reading and changes by posting. Whatever is asked by GET leaves the
server as it was; whatever changes it needs a token that only a page of this server has.
"""

from alvh.web.app import create_app
from alvh.web.desk import Desk, open_desk

__all__ = ["Desk", "create_app", "open_desk"]

"""The gateway: a server of the Model Context Protocol in front of other servers of it.

Every call of a tool passes the gate before the server behind hears of it. A process of its own,
asynchronous, because calls wait for people and servers (ADR 17).
"""

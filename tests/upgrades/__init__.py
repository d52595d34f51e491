"""Databases as earlier states of this project left them, which the present code opens.

``python -m tests.upgrades.make 0004`` makes that of a revision of the system tables again, by the code of that time.
"""

from pathlib import Path

#: For each revision a file of SQLite, the SQL of PostgreSQL, and what was answered.
DATA = Path(__file__).with_name("data")
#: The last commits at some revisions of the system tables. Those at the others differ by a table each; before that of
#: 0003 the tables of users had no checks yet.
COMMITS = {
    "0003": "7a9b37fa",
    "0004": "2fabf3b9",
    "0007": "fd1c8a7a",
}
#: The schema in the files of PostgreSQL.
SCHEMA = "earlier"

"""Views of rows.

``row``     one row
``lists``   lists, and queries as documents
``writes``  new rows, upserts, writes by filter
"""

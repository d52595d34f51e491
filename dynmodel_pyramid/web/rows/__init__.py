"""Views of rows.

``face``    what this face has of its own
``row``     one row
``lists``   lists, and queries as documents
``writes``  new rows, upserts, writes by filter
"""

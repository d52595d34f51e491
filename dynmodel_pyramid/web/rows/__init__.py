"""Views of rows.

``face``    the face ``/table/{id}/rows/`` as a value
``row``     one row
``lists``   lists, and queries as documents
``writes``  new rows, upserts, writes by filter
"""

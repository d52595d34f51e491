"""Views of rows.

``face``    the face ``/table/{id}/rows/`` as a value
``row``     one row
``lists``   lists, and queries as documents
``saved_views``  saved views, and their rows
``plans``   what a file of rows would become
``writes``  new rows, upserts, writes by filter
"""

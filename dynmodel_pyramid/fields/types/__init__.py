"""The built-in field types, registered by the same entry points as a third party's (``setup.py``).

=================  ================================================================================
``text``           string, text
``numbers``        number, integer, rating
``decimals``       decimal, percent; ``decimal_operators``
``money``          currency
``boolean``        boolean
``temporal``       date, datetime
``clock``          time, duration
``ranges``         integer_range, date_range, datetime_range; ``range_operators``
``json``           json; ``json_operators``
``geography``      point
``links``          link, links
``users``          user
``internet``       email, url, ip_address
``formats``        slug, colour, uuid; the base of text types with one normal form
``phone``          phone
``selection``      choice, multi_choice
``tags``           tags
``arrays``         the base of arrays of texts; ``array_operators``
``system_values``  autonumber, created_time, updated_time, created_by, updated_by
=================  ================================================================================
"""

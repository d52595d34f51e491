"""A whole deployment from one database into another one: tables, rows, ids, history, trash, access (decision 38).

Every table of the source is read in the order of its key, in parts. A part that the target does not have is written in
one transaction. So a run that was killed is gone on with by comparing, and so is one whose source was written to
meanwhile: only the parts that differ are written again. The target is marked until the end (``upgrade.MOVING``), and no
process opens it.

``deployment``   what a deployment consists of: its tables on either database, in one moment
``values``       values in one form, whatever database they come from, and their sums
``parts``        rows in the order of their key, cut into parts
``target``       the target: made, taken over, marked, finished
``structure``    its tables, and their rules, which are made after the rows
``faults``       the row and the field that an error is about
``moving``       the steps of a move
"""

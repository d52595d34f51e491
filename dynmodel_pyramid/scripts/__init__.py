"""The console scripts, and the processes of the server.

``serve``           ``dynmodel-serve``, whose file ``serve_file`` reads; ``supervisor`` is its parent
                    process, with ``child`` and ``templates``; ``template`` and ``worker`` are its
                    children, with ``pulse``
``schema``          ``dynmodel-schema``; ``schema_files`` and ``schema_output`` read and print its documents
``importing``       ``dynmodel-import``; ``progress`` tells how far it is, ``refused_rows`` which rows are left out
``exporting``       ``dynmodel-export``
``application``     the application of an INI file, or only its field types
``backup``          ``dynmodel-backup`` and ``dynmodel-restore``
``move``            ``dynmodel-move``
``deployment``      ``dynmodel-init``, and the files that it writes
``upgrade``         ``dynmodel-upgrade``
``purge``           ``dynmodel-purge``
``doctor``          ``dynmodel-doctor``
``compact``         ``dynmodel-compact``
``token``           ``dynmodel-token``; ``accounts`` is what it shares with ``user``
``user``            ``dynmodel-user``
``tenant``          ``dynmodel-tenant``
``settings``        ``dynmodel-settings``
``field_types``     ``dynmodel-field-types``
``formats``         ``dynmodel-formats``; ``listing`` is the table that both print
``new_field_type``  ``dynmodel-new-field-type``
``pshell``          what ``pshell`` finds in its namespace
``ini``             reads an INI file for the scripts
"""

import warnings

# Pyramid 2.0 imports pkg_resources, whose package warns of its end. No operator can do anything about that.
warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)

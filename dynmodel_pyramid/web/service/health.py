"""``/health/``: an examination of the whole deployment, for administrators; what ``dynmodel-doctor`` prints."""

import os

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.doctor.examination import STATUS, Doctor
from dynmodel_pyramid.changes.doctor.machine import load_of
from dynmodel_pyramid.database.findings import severest
from dynmodel_pyramid.settings import PROCESSES
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part, whole_number
from dynmodel_pyramid.web.resources import WholeHealth

#: How many tables a part has, and the most that it may have.
USUAL, MOST = 100, 1000
#: Seconds after which a part ends, however few its tables are.
SECONDS = 5.0


def get_health(context: WholeHealth, request: Request) -> Response:
    """The first part also tells what belongs to no table; ``Link`` has the address of the next one. What tenants share
    is told by ``dynmodel-doctor`` alone, to whoever runs the service.
    """
    parameters = no_parameters(request, "limit", "after")
    page = read_part(parameters, USUAL, MOST)
    after = whole_number("after", parameters["after"]) if "after" in parameters else None
    catalogue = context.attempt.catalogue
    processes = os.environ.get(PROCESSES, "")
    doctor = Doctor(catalogue, load_of(catalogue.database, int(processes) if processes.isdecimal() else 1))
    of_server = catalogue.database.settings.tenants == "none"
    findings = doctor.whole(of_server=of_server) if after is None else []
    examined = doctor.examined(after or 0, page.limit, SECONDS)
    findings += examined.findings
    context.attempt.confirm()
    document = {
        "status": STATUS[severest(findings)],
        "tables": examined.tables,
        "next": examined.next,
        "findings": [finding.document() for finding in findings],
    }
    answer = json_answer(encode(document))
    return link_next(request, answer, page, examined.next is not None, after=examined.next or 0)

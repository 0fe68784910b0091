"""Makes `twistd otter` known; the module with the service is imported only when it is asked for."""

from twisted.application.service import ServiceMaker

otter = ServiceMaker("otter", "otterd.service", "Otter, the front door to a Dgraph cluster.", "otter")

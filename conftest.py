"""Install the service's reactor before pytest-twisted looks for one."""

from otterd.service import install_reactor

install_reactor()

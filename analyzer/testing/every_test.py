"""What the command line or the ini file asks for, as conftest.py would; the plugin registers it then."""

from analyzer.testing.fixture import every_test

sockets_of_every_test = every_test({})

"""The contract tests of the Novita AI asynchronous image API."""

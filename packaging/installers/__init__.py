"""How the installers are made. Runs in the build's own environment, on a developer's computer, never on an operator's."""

"""Where credentials rest."""

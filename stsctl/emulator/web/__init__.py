"""For browsers and applications that sign nothing: pages, redirects, OAuth's codes and answers."""

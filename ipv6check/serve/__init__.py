"""The site live: the newest run's pages, tables with filters, and a JSON API; read-only. Needs the extra `web`."""

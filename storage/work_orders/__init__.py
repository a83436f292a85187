"""Requests as the company's Request Service knows them: asked, remembered, and told what was attached."""

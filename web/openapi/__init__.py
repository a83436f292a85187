"""The OpenAPI document, made from the code that serves.

A route says what it reads and answers, and its handler reads with the same models::

    Endpoint("GET", f"{API}/media/tags/popular", popular_tags, Scope.MEDIA_READ, doc=Doc(
        summary="The tags used most",
        tags=("media",),
        query=PopularTags,                      # class PopularTags(Given): limit: ... = 20
        answers={200: list[TagCount]},          # class TagCount(Shown): tag: str; count: int
        errors=(ChannelNotBound,),              # 401, 403 and those of the query, path and body come by themselves
    ))

    async def popular_tags(request: web.Request) -> web.Response:
        query = read_query(request, PopularTags)
        body = await read_body(request, SomeModel)    # elsewhere, for a JSON body

A generator of our own, because what is left of one once pydantic writes the schemas is small. apispec was turned
down: it wants each path and schema registered by hand or by a marshmallow plugin, and knows nothing of errors.
aiohttp-pydantic was: it owns the handlers (class views whose signatures are the model), writes OpenAPI 3.0, answers
400 in a shape of its own, and reads bodies whole before a handler can refuse them.
"""

"""What models cost here: the price list that every record is computed with."""

from django.http import HttpResponse
from rest_framework.request import Request

from executions.api import reading
from executions.api.observe import answers
from executions.api.observe.views import ObserveView, unlisted
from executions.api.views import json_response
from governance.domain import prices
from waxell.lib.errors import NotFound


@unlisted
class ModelCosts(ObserveView):
    def get(self, request: Request) -> HttpResponse:
        """Every model that has a price."""
        reading.Reader.of(request)
        return json_response({"source": prices.PRICE_LIST, "models": [_body(price) for price in prices.price_list()]})


@unlisted
class ModelCost(ObserveView):
    def get(self, request: Request, model: str) -> HttpResponse:
        """One model, under any name by which calls are charged. Raises NotFound for one without a price."""
        reading.Reader.of(request)
        if (price := prices.price_of(model)) is None:
            raise NotFound()
        return json_response({"source": prices.PRICE_LIST, **_body(price)})


def _body(price: prices.ModelPrice) -> answers.Body:
    # This protocol has numbers for money; ours are in the records.
    return {
        "model_id": price.model,
        "provider": price.provider,
        "input_cost_per_million": float(price.input_usd),
        "output_cost_per_million": float(price.output_usd),
    }

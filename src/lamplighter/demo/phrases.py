"""What customers say in tickets and surveys, in English and Spanish. A ``{}`` is filled with a sum or a street."""

SUM, STREET = 0, 1

TOPICS: dict[str, tuple[int, int, tuple[str, ...], tuple[str, ...]]] = {
    "high_bill": (
        24,
        SUM,
        (
            "My bill jumped to ${} and nothing changed at home. Can someone check the meter?",
            "Why is it ${} this month? Last year it was half of that.",
            "I was away two weeks and still got charged ${}. Please explain.",
            "The bill says ${}. Was that an estimate or a real reading?",
        ),
        (
            "Mi factura subió a ${} y en casa no cambió nada. ¿Pueden revisar el medidor?",
            "¿Por qué son ${} este mes? El año pasado fue la mitad.",
            "La factura dice ${}. ¿Es una lectura real o un estimado?",
        ),
    ),
    "payment": (
        16,
        SUM,
        (
            "I paid ${} on the web and it does not show yet.",
            "Can I split the ${} into three payments? My hours were cut.",
            "The bank returned my payment of ${}. Card is new, please try again.",
            "Charged twice, ${} each time. I want one of them back.",
        ),
        (
            "Pagué ${} por internet y todavía no aparece.",
            "¿Puedo pagar los ${} en tres partes? Me redujeron las horas.",
            "Me cobraron dos veces ${}. Quiero que me devuelvan una.",
        ),
    ),
    "outage": (
        14,
        STREET,
        (
            "No power on {} since this morning, neighbors are out too.",
            "Lights flicker at {} whenever the wind picks up.",
            "Power came back on {} but half the house is still dark.",
        ),
        (
            "No hay luz en {} desde la mañana, los vecinos tampoco tienen.",
            "La luz parpadea en {} cuando hay viento.",
        ),
    ),
    "leak": (
        9,
        STREET,
        (
            "You texted me about a leak at {}. I found the toilet running, fixed it. Is it gone now?",
            "Water is coming up by the sidewalk at {}.",
            "The meter at {} spins with all taps closed.",
        ),
        (
            "Me avisaron de una fuga en {}. Era el inodoro, ya lo arreglé. ¿Ya no aparece?",
            "Está saliendo agua junto a la banqueta en {}.",
        ),
    ),
    "move": (
        13,
        STREET,
        (
            "Moving out of {} at the end of the month, please close my account.",
            "We just moved into {} and need service in my name.",
            "I am still billed for {} though I left in June.",
        ),
        (
            "Me mudo de {} a fin de mes, por favor cierren mi cuenta.",
            "Acabamos de llegar a {} y necesito el servicio a mi nombre.",
        ),
    ),
    "meter": (
        7,
        STREET,
        (
            "Somebody changed the meter at {} and left the gate open.",
            "There is a dog at {}; the reader should call before coming.",
        ),
        ("Cambiaron el medidor en {} y dejaron la puerta abierta.",),
    ),
    "water_quality": (
        5,
        STREET,
        (
            "Water at {} is brown since the hydrant was flushed.",
            "Is the pipe to {} lead? We have a baby.",
        ),
        (
            "El agua en {} sale café desde ayer.",
            "¿La tubería de {} es de plomo? Tenemos un bebé.",
        ),
    ),
    "complaint": (
        6,
        SUM,
        (
            "Third call about the same ${}. Nobody calls back. I want a supervisor.",
            "Rude on the phone, and the ${} late fee is still there. Very disappointed.",
        ),
        (
            "Es la tercera vez que llamo por los mismos ${}. Nadie me responde.",
            "Me atendieron mal y el cargo de ${} sigue ahí. Muy molesta.",
        ),
    ),
    "program": (
        6,
        SUM,
        (
            "Do I qualify for the discount? We are four and the bill is ${}.",
            "Sent the papers for the discount three weeks ago, still paying ${}.",
        ),
        (
            "¿Califico para el descuento? Somos cuatro y la factura es de ${}.",
            "Mandé los papeles del descuento hace tres semanas y sigo pagando ${}.",
        ),
    ),
}
"""Topic → share, what fills it, English, Spanish."""

REMARKS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "Nobody could tell me why the bill went up.",
            "On hold for forty minutes.",
            "Power out three times this winter.",
        ),
        ("Nadie me supo explicar la factura.", "Esperé cuarenta minutos en el teléfono."),
    ),
    (
        (
            "It works, most of the time.",
            "Fine, but the website is slow.",
            "Wish the bill were easier to read.",
        ),
        ("Está bien, pero la página es lenta.", "La factura debería ser más fácil de leer."),
    ),
    (
        (
            "The crew was out in the storm within the hour. Thank you.",
            "Friendly and quick.",
            "The leak text saved me a lot.",
        ),
        ("Muy amables y rápidos.", "El aviso de la fuga me ahorró mucho dinero."),
    ),
)
"""Unhappy, so-so, happy: English, Spanish."""

"""Names for people, firms and streets: short hand-written lists of common words, nobody in particular.

Surnames stand in order of how common they are; ``people`` draws the early ones more often.
"""

ORIGINS = ("anglo", "hispanic", "vietnamese", "chinese", "filipino", "slavic", "indian", "somali")
ORIGIN_WEIGHTS = (66.0, 19.0, 3.5, 2.5, 3.0, 2.5, 2.0, 1.5)

LANGUAGES = ("en", "es", "vi", "zh", "tl", "ru", "hi", "so")
LANGUAGE_SHARE = (0.0, 0.55, 0.5, 0.45, 0.2, 0.45, 0.1, 0.5)
"""By origin: how many of them asked for letters in that origin's own language; all others chose English."""

FEMALE, MALE = 0, 1


def _words(text: str) -> list[str]:
    return text.split()


def _titles(text: str) -> list[str]:
    return " ".join(text.split()).split("|")


_ANGLO_FEMALE_OLD = _words("""
Mary Linda Barbara Patricia Carol Sandra Nancy Sharon Judith Susan Betty Karen Donna Dorothy Margaret Ruth
Helen Joan Shirley Virginia Janet Frances Diane Joyce Marilyn Gloria Kathleen Cheryl Beverly Peggy""")
_ANGLO_FEMALE = _words("""
Jennifer Jessica Amanda Sarah Emily Ashley Elizabeth Megan Hannah Rachel Lauren Samantha Nicole Katherine
Rebecca Heather Amy Michelle Kimberly Laura Olivia Emma Abigail Grace Natalie Chloe Claire Molly Paige
Brooke Tara Zoe Leah Erin Kelly Christine Danielle Julia Allison Haley Vanessa Whitney""")
_ANGLO_MALE_OLD = _words("""
James Robert John William Richard Thomas Charles David Ronald Donald Gary Larry Kenneth Jerry George
Dennis Frank Raymond Roger Harold Walter Eugene Ralph Wayne Roy Louis Carl Arthur Fred Gerald""")
_ANGLO_MALE = _words("""
Michael Christopher Matthew Joshua Daniel Andrew Joseph Ryan Brandon Jason Justin Benjamin Nicholas Tyler
Kevin Eric Jonathan Nathan Samuel Jacob Ethan Adam Aaron Zachary Patrick Sean Timothy Steven Scott Travis
Derek Kyle Trevor Luke Ian Mark Peter Gregory Keith Owen Caleb Marcus""")
_HISPANIC_FEMALE = _words("""
María Rosa Guadalupe Ana Carmen Sofía Isabel Marisol Marisela Lucía Elena Teresa Juana Patricia Gabriela
Verónica Daniela Valeria Ximena Camila Adriana Alejandra Esperanza Graciela Yolanda Leticia Claudia Paola""")
_HISPANIC_MALE = _words("""
José Juan Luis Carlos Jesús Miguel Jorge Manuel Francisco Antonio Pedro Alejandro Ricardo Roberto Fernando
Rafael Javier Sergio Eduardo Raúl Arturo Héctor Enrique Diego Mateo Ángel Óscar Julio Ramón Andrés""")
_VIETNAMESE_FEMALE = _words("""
Lan Hoa Mai Linh Thu Hương Ngọc Phương Thảo Trang Anh Tuyết Hạnh Kim Yến""")
_VIETNAMESE_MALE = _words("""
Minh Tuấn Hùng Dũng Long Sơn Nam Quang Đức Huy Khoa Bảo Thành Vinh Hải""")
_CHINESE_FEMALE = _words("""
Mei Li Xiu Ying Fang Jing Yan Hui Min Lin Xia Qing Wen Ling Na""")
_CHINESE_MALE = _words("""
Wei Jun Ming Hao Lei Jian Bo Feng Tao Qiang Yong Peng Chao Gang Kai""")
_FILIPINO_FEMALE = _words("""
Maricel Rosario Luz Corazon Angelica Jasmine Cristina Jocelyn Marites Divina Lorna Analyn Imelda""")
_FILIPINO_MALE = _words("""
Reynaldo Rodel Danilo Jomar Ernesto Romeo Ariel Noel Jerome Arnel Virgilio Edgardo Rommel""")
_SLAVIC_FEMALE = _words("""
Olga Natalia Svetlana Irina Tatiana Oksana Ludmila Marina Galina Yulia Daria Larisa Kateryna""")
_SLAVIC_MALE = _words("""
Oleksandr Sergei Dmitri Andriy Igor Viktor Pavel Mykola Yuri Vasyl Oleg Roman Bohdan""")
_INDIAN_FEMALE = _words("""
Priya Anjali Sunita Kavita Deepa Lakshmi Neha Pooja Meena Asha Divya Shreya Harpreet""")
_INDIAN_MALE = _words("""
Rajesh Amit Sanjay Vikram Arjun Ravi Suresh Anil Rohan Manish Gurpreet Harjit Kiran""")
_SOMALI_FEMALE = _words("""
Amina Fadumo Halima Hodan Sahra Khadija Ifrah Nasra Ayaan Maryan Zahra Hibo""")
_SOMALI_MALE = _words("""
Abdi Ahmed Mohamed Hassan Ibrahim Omar Yusuf Ismail Abdullahi Farah Mahad Liban""")

GIVEN: dict[tuple[str, int, bool], list[str]] = {
    ("anglo", FEMALE, True): _ANGLO_FEMALE_OLD,
    ("anglo", FEMALE, False): _ANGLO_FEMALE,
    ("anglo", MALE, True): _ANGLO_MALE_OLD,
    ("anglo", MALE, False): _ANGLO_MALE,
}
"""(origin, sex, born before 1966) → given names."""
for _origin, _female, _male in (
    ("hispanic", _HISPANIC_FEMALE, _HISPANIC_MALE),
    ("vietnamese", _VIETNAMESE_FEMALE, _VIETNAMESE_MALE),
    ("chinese", _CHINESE_FEMALE, _CHINESE_MALE),
    ("filipino", _FILIPINO_FEMALE, _FILIPINO_MALE),
    ("slavic", _SLAVIC_FEMALE, _SLAVIC_MALE),
    ("indian", _INDIAN_FEMALE, _INDIAN_MALE),
    ("somali", _SOMALI_FEMALE, _SOMALI_MALE),
):
    for _old in (False, True):
        GIVEN[_origin, FEMALE, _old] = _female
        GIVEN[_origin, MALE, _old] = _male

FAMILY: dict[str, list[str]] = {
    "anglo": _words("""
Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Jackson Martin
Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson
Baker Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris
Murphy Cook Rogers Morgan Cooper Peterson Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson
Brooks Bennett Gray James Hughes Price Myers Long Foster Sanders Ross Powell Sullivan Russell Jenkins
Perry Butler Barnes Fisher Henderson Coleman Simmons Patterson Jordan Reynolds Hamilton Graham Wallace
Cole West Hayes Gibson Ellis Stevens Murray Marshall Freeman Wells Webb Simpson Tucker Porter Hunter Hicks
Crawford Mason Kennedy Warren Dixon Burns Gordon Shaw Holmes Rice Hunt Black Palmer Mills Nichols Grant
Knight Ferguson Rose Stone Hawkins Dunn Perkins Hudson Spencer Gardner Stephens Payne Pierce Berry
Matthews Arnold Wagner Willis Ray Watkins Olson Carroll Duncan Snyder Hart Cunningham Bradley Lane Andrews
Harper Fox Riley Armstrong Carpenter Weaver Greene Lawrence Elliott Chavez-Reed O'Brien O'Connor McKenzie
McCoy Schmidt Larson Hansen Jensen Lindqvist Okafor Whitaker Thistle Quimby Ashdown Fairbairn Holloway
Pennington Redfern Winslow"""),
    "hispanic": _words("""
García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz
Cruz Morales Reyes Gutiérrez Ortiz Ramos Ruiz Álvarez Mendoza Castillo Jiménez Vásquez Romero Moreno
Herrera Medina Aguilar Vargas Castro Guzmán Delgado Muñoz Salazar Soto Contreras Rojas Guerrero Estrada
Ortega Núñez Maldonado Vega Ríos Espinoza Cárdenas Lara Solís Fuentes Cabrera Padilla Ibarra Quintero
Zúñiga Peña"""),
    "vietnamese": _words("""
Nguyen Tran Le Pham Huynh Hoang Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly"""),
    "chinese": _words("""
Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Lin Guo"""),
    "filipino": _words("""
Santos Reyes Cruz Bautista Ocampo Aquino Mendoza Villanueva Ramos Dizon Mercado Pascual Manalo Salonga
Tolentino Lacson"""),
    "slavic": _words("""
Ivanov Petrenko Kovalenko Shevchenko Bondarenko Melnyk Popov Volkov Sokolov Kravchenko Tkachenko Lysenko
Moroz Savchenko Marchenko Orlov"""),
    "indian": _words("""
Patel Singh Sharma Kumar Gupta Shah Reddy Desai Mehta Rao Nair Iyer Kaur Gill Dhillon Joshi"""),
    "somali": _words("""
Ali Mohamed Hassan Ahmed Abdi Omar Farah Warsame Yusuf Jama Osman Ibrahim Aden Nur Isse"""),
}

NICKNAMES = dict(
    pair.split("/")
    for pair in _words("""
Robert/Bob William/Bill Richard/Rick James/Jim Thomas/Tom Charles/Chuck Michael/Mike Christopher/Chris
Matthew/Matt Joshua/Josh Daniel/Dan Andrew/Andy Joseph/Joe Benjamin/Ben Nicholas/Nick Samuel/Sam
Jacob/Jake Zachary/Zach Patrick/Pat Timothy/Tim Steven/Steve Gregory/Greg Kenneth/Ken Donald/Don
Ronald/Ron Gerald/Jerry Raymond/Ray Jonathan/Jon Nathan/Nate Patricia/Pat Barbara/Barb Susan/Sue
Judith/Judy Margaret/Peggy Dorothy/Dot Virginia/Ginny Kathleen/Kathy Jennifer/Jen Jessica/Jess
Amanda/Mandy Elizabeth/Liz Katherine/Kate Rebecca/Becky Samantha/Sam Kimberly/Kim Christine/Chris
Abigail/Abby Natalie/Nat Allison/Allie Danielle/Dani Guadalupe/Lupe Francisco/Paco José/Pepe
Isabel/Chabela Teresa/Tere Alejandro/Alex Fernando/Fer Roberto/Beto Gabriela/Gaby Alejandra/Ale
Rosario/Charo Oleksandr/Sasha Natalia/Natasha Mohamed/Mo""")
)

STREETS = _titles("""
Alder Street|Lantern Way|Harbor Avenue|Wick Lane|Heron Street|Salmonberry Drive|Gaslight Court|Cedar
Avenue|Cannery Row|Kestrel Lane|Foghorn Road|Maple Street|Lighthouse Drive|Osprey Court|Tidewater
Avenue|Fern Street|Mill Race Road|Spruce Avenue|Beacon Hill Road|Cormorant Way|Hemlock Street|Driftwood
Lane|Schoolhouse Road|Wheelwright Avenue|Juniper Street|Chandler Street|Estuary Drive|Larkspur Lane|Depot
Street|Copperfield Road|Willow Avenue|Sandpiper Court|Foundry Street|Orchard Avenue|Tallow Lane|Dogwood
Drive|Ropewalk Street|Bluff Road|Madrona Avenue|Ferry Street""")

QUARTERS = ("", "North ", "South ", "East ", "West ")
"""Set before a street's name once the town outgrows its forty streets."""

FIRM_NAMES = _words("""
Harbor Kestrel Lantern Alder Tidewater Beacon Heron Copper Foghorn Driftwood Osprey Cannery Wick Juniper
Bluff Sandpiper Foundry Chandler Larkspur Ferry Cormorant Orchard Mill Pelican Anchor Granite Sorrel
Bramble Lichen Marrow Thimble Rookery Saltbox Halyard Kelp Barnacle Clover Pewter Quill Ember""")

FIRM_PLACES = (
    "",
    "Bay",
    "Point",
    "Street",
    "Cove",
    "Hill",
    "Valley",
    "Creek",
    "Landing",
    "Ridge",
    "Park",
    "Bridge",
)

FIRM_TRADES = _titles("""
Bakery|Auto Repair|Dental|Laundromat|Coffee|Hardware|Market|Brewing|Physical Therapy|Nails|Barber
Shop|Veterinary Clinic|Books|Marine Supply|Seafood|Machine Works|Cafe|Motel|Florist|Storage|Plumbing|Law
Office|Insurance|Daycare|Fitness|Taqueria|Pizza|Cleaners|Church|Accounting|Printing|Pharmacy|Nursery|Upholstery|Bike
Shop|Roofing|Electric|Thrift Store|Tax Service|Music School""")

FIRM_FORMS = ("", " LLC", " Inc", " Co")

CITY_OFFICES = _titles("""
City of Alder Bay|Alder Bay Parks Department|Alder Bay Public Library|Alder Bay Fire District|Alder Bay
School District|Alder Bay Public Works""")

PLANTS = _titles("""
Alder Bay Fish Packers|Tidewater Paper Mill|Bluff Gravel Works|Beacon Cold Storage|Estuary Shipyard|Coast
Veneer Plant""")

LANDLORD_NAMES = _titles("""
Harbor Rentals|Spruce Holdings|Bay View Apartments|Ferry Street Homes|Old Mill Lofts|Keystone
Leasing|Cedar Court Rentals|Tideline Housing""")

MAIL_DOMAINS = (
    "mail.example",
    "post.example",
    "example.org",
    "example.com",
    "inbox.example",
    "bayfiber.example",
)
MAIL_WEIGHTS = (38.0, 22.0, 12.0, 12.0, 10.0, 6.0)

OTHER_TOWNS = (
    ("Port Merrow", "97497"),
    ("Kittery Falls", "97597"),
    ("Dunmore", "97697"),
    ("San Ysidoro", "97797"),
)
"""Where people go who leave; as invented as Alder Bay."""

AREA_CODES = _words("""
541 458 971 503 201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227
228 229 231 234 235 239 240 248 251 252 253 254 256 260 262 267 269 270 272 274 276 279 281 283 301 302
303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 324 325 326 327 329 330 331 332
334 336 337 339 341 346 347 350 351 352 353 360 361 363 364 369 380 385 386 401 402 404 405 406 407 408
409 410 412 413 414 415 417 419 423 424 425 430 432 434 435 440 442 443 445 447 448 463 464 469 470 472
475 478 479 480 484 501 502 504 505 507 508 509 510 512 513 515 516 517 518 520 530 531 534 539 540 551
557 559 561 562 563 564 567 570 571 572 573 574 575 580 582 585 586 601 602 603 605 606 607 608 609 610
612 614 615 616 617 618 619 620 623 626 628 629 630 631 636 640 641 645 646 650 651 656 657 659 660 661
662 667 669 678 680 681 682 686 689 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724
725 726 727 728 730 731 732 734 737 738 740 743 747 748 754 757 760 762 763 765 769 770 771 772 773 774
775 779 781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817 818 820 821 826 828 830 831
832 835 838 839 840 843 845 847 848 850 854 856 857 858 859 860 862 863 864 865 870 872 878 901 903 904
906 907 908 909 910 912 913 914 915 916 917 918 919 920 925 928 929 930 931 934 936 937 938 940 941 943
945 947 948 949 951 952 954 956 959 970 972 973 975 978 979 980 983 984 985 986 989""")
"""Geographic area codes of the United States, those of the town's coast first."""

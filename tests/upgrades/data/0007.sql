CREATE SCHEMA earlier;
CREATE FUNCTION earlier.dynmodel_fold_1(t text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
t := lower(t COLLATE "C");
IF octet_length(t) = length(t) THEN RETURN t; END IF;
IF t ~ '[µÀ-ÖØ-Þ]' THEN t := translate(t, 'µÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ', 'μàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ'); END IF;
IF t ~ '[ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸ-ŹŻŽſ]' THEN t := translate(t, 'ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽſ', 'āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžs'); END IF;
IF t ~ '[Ɓ-ƂƄƆ-ƇƉ-ƋƎ-ƑƓ-ƔƖ-ƘƜ-ƝƟ-ƠƢƤƦ-ƧƩƬƮ-ƯƱ-ƳƵƷ-ƸƼǄ-ǅǇ-ǈǊ-ǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱ-ǲǴǶ-ǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺ-ȻȽ-ȾɁɃ-ɆɈɊɌɎ]' THEN t := translate(t, 'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎ', 'ɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏ'); END IF;
IF t ~ '[ͅ]' THEN t := translate(t, 'ͅ', 'ι'); END IF;
IF t ~ '[ͰͲͶͿΆΈ-ΊΌΎ-ΏΑ-ΡΣ-ΫςϏ-ϑϕ-ϖϘϚϜϞϠϢϤϦϨϪϬϮϰ-ϱϴ-ϵϷϹ-ϺϽ-Ͽ]' THEN t := translate(t, 'ͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫςϏϐϑϕϖϘϚϜϞϠϢϤϦϨϪϬϮϰϱϴϵϷϹϺϽϾϿ', 'ͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋσϗβθφπϙϛϝϟϡϣϥϧϩϫϭϯκρθεϸϲϻͻͼͽ'); END IF;
IF t ~ '[Ѐ-Я]' THEN t := translate(t, 'ЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ', 'ѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюя'); END IF;
IF t ~ '[ѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀ-ӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱ-Ֆ]' THEN t := translate(t, 'ѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ', 'ѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ'); END IF;
IF t ~ '[Ⴀ-ჅჇჍᏸ-ᏽᲀ-ᲈᲐ-ᲺᲽ-Ჿ]' THEN t := translate(t, 'ႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᏸᏹᏺᏻᏼᏽᲀᲁᲂᲃᲄᲅᲆᲇᲈᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿ', 'ⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭᏰᏱᏲᏳᏴᏵвдосттъѣꙋაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿ'); END IF;
IF t ~ '[ḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẛẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾ]' THEN t := translate(t, 'ḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẛẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾ', 'ḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕṡßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿ'); END IF;
IF t ~ '[Ἀ-ἏἘ-ἝἨ-ἯἸ-ἿὈ-ὍὙὛὝὟὨ-Ὧᾈ-ᾏᾘ-ᾟᾨ-ᾯᾸ-ᾼιῈ-ῌῘ-ΊῨ-ῬῸ-ῼ]' THEN t := translate(t, 'ἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼιῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼ', 'ἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳιὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳ'); END IF;
IF t ~ '[ΩK-ÅℲⅠ-ⅯↃⒶ-Ⓩ]' THEN t := translate(t, 'ΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏ', 'ωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ'); END IF;
IF t ~ '[Ⰰ-ⰯⱠⱢ-ⱤⱧⱩⱫⱭ-ⱰⱲⱵⱾ-ⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲ]' THEN t := translate(t, 'ⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲ', 'ⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳ'); END IF;
IF t ~ '[ꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽ-ꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪ-ꞮꞰ-ꞴꞶꞸꞺꞼꞾꟀꟂꟄ-ꟇꟉꟐꟖꟘꟵꭰ-ꮿＡ-Ｚ𐐀-𐐧𐒰-𐓓𐕰-𐕺𐕼-𐖊𐖌-𐖒𐖔-𐖕𐲀-𐲲𑢠-𑢿𖹀-𖹟𞤀-𞤡]' THEN t := translate(t, 'ꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'ꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃'); END IF;
RETURN t;
END
$$;
CREATE FUNCTION earlier.dynmodel_fold_accents_1(t text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
t := "earlier".dynmodel_fold_1(t);
IF octet_length(t) = length(t) THEN RETURN t; END IF;
IF t ~ '[à-åç-öø-ýÿ]' THEN t := translate(t, 'àáâãäåçèéêëìíîïðñòóôõöøùúûüýÿ', 'aaaaaaceeeeiiiidnoooooouuuuyy'); END IF;
IF t ~ '[āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķĺļľłńņňōŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżž]' THEN t := translate(t, 'āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķĺļľłńņňōŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżž', 'aaaccccddeeeeegggghhiiiiijkllllnnnooorrrsssstttuuuuuuwyzzz'); END IF;
IF t ~ '[ƀơưǎǐǒǔǖǘǚǜǟǡǥǧǩǫǭǯ-ǰǵǹǻǿȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȫȭȯȱȳȼɇɉɍɏɨʉ]' THEN t := translate(t, 'ƀơưǎǐǒǔǖǘǚǜǟǡǥǧǩǫǭǯǰǵǹǻǿȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȫȭȯȱȳȼɇɉɍɏɨʉ', 'bouaiouuuuuaaggkooʒjgnaoaaeeiioorruusthaeooooycejryiu'); END IF;
IF t ~ '[̀-̈́͆-ͯ]' THEN t := translate(t, '̴̵̶̷̸̡̢̧̨̛̖̗̘̙̜̝̞̟̠̣̤̥̦̩̪̫̬̭̮̯̰̱̲̳̹̺̻̼͇͈͉͍͎̀́̂̃̄̅̆̇̈̉̊̋̌̍̎̏̐̑̒̓̔̽̾̿̀́͂̓̈́͆͊͋͌̕̚͏͓͔͕͖͙͚͐͑͒͗͛ͣͤͥͦͧͨͩͪͫͬͭͮͯ͘͜͟͢͝͞͠͡', ''); END IF;
IF t ~ '[΅ΐά-ΰϊ-ώϓ-ϔ]' THEN t := translate(t, '΅ΐάέήίΰϊϋόύώϓϔ', '¨ιαεηιυιυουωϒϒ'); END IF;
IF t ~ '[йѐ-ёѓїќ-ў]' THEN t := translate(t, 'йѐёѓїќѝў', 'иеегікиу'); END IF;
IF t ~ '[ѷӂӑӓӗӛӝӟӣӥӧӫӭӯӱӳӵӹ]' THEN t := translate(t, 'ѷӂӑӓӗӛӝӟӣӥӧӫӭӯӱӳӵӹ', 'ѵжааеәжзииоөэууучы'); END IF;
IF t ~ '[᪰-᪽ᪿ-ᫎ᷀-᷿]' THEN t := translate(t, '᷐᷎᷺᪵᪶᪷᪸᪹᪺᪽ᪿᫀ᫃᫄᫊᷂᷊᷏᷹᷽᷿᷷᷸᪰᪱᪲᪳᪴᪻᪼᫁᫂᫅᫆᫇᫈᫉᫋ᫌᫍᫎ᷀᷁᷃᷄᷅᷆᷇᷈᷉᷋᷌᷑᷒ᷓᷔᷕᷖᷗᷘᷙᷚᷛᷜᷝᷞᷟᷠᷡᷢᷣᷤᷥᷦᷧᷨᷩᷪᷫᷬᷭᷮᷯᷰᷱᷲᷳᷴ᷵᷻᷾᷶᷼᷍', ''); END IF;
IF t ~ '[ḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕ-ẙạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]' THEN t := translate(t, 'ḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ', 'abbbcdddddeeeeefghhhhhiikkkllllmmmnnnnoooopprrrrsssssttttuuuuuvvwwwwwxxyzzzhtwyaaaaaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyy'); END IF;
IF t ~ '[ἀ-ἇἐ-ἕἠ-ἧἰ-ἷὀ-ὅὐ-ὗὠ-ὧὰ-ώᾀ-ᾇᾐ-ᾗᾠ-ᾧᾰ-ᾴᾶ-ᾷ῁-ῄῆ-ῇ῍-ΐῖ-ῗ῝-ῧ῭-΅ῲ-ῴῶ-ῷ]' THEN t := translate(t, 'ἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὐὑὒὓὔὕὖὗὠὡὢὣὤὥὦὧὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱᾲᾳᾴᾶᾷ῁ῂῃῄῆῇ῍῎῏ῐῑῒΐῖῗ῝῞῟ῠῡῢΰῤῥῦῧ῭΅ῲῳῴῶῷ', 'ααααααααεεεεεεηηηηηηηηιιιιιιιιοοοοοουυυυυυυυωωωωωωωωααεεηηιιοουυωωααααααααηηηηηηηηωωωωωωωωααααααα¨ηηηηη᾿᾿᾿ιιιιιι῾῾῾υυυυρρυυ¨¨ωωωωω'); END IF;
IF t ~ '[⃐-⃥⃜⃡-⃰↚-↛↮⇍-⇏∄∉∌∤∦≁≄≇≉≠≢≭-≱≴-≵≸-≹⊀-⊁⊄-⊅⊈-⊉⊬-⊯⋠-⋣⋪-⋭⫝̸]' THEN t := translate(t, '↚↛↮⇍⇎⇏∄∉∌∤∦≁≄≇≉≠≢≭≮≯≰≱≴≵≸≹⊀⊁⊄⊅⊈⊉⊬⊭⊮⊯⋠⋡⋢⋣⋪⋫⋬⋭⫝̸⃒⃓⃘⃙⃚⃥⃦⃪⃫⃨⃬⃭⃮⃯⃐⃑⃔⃕⃖⃗⃛⃜⃡⃧⃩⃰', '←→↔⇐⇔⇒∃∈∋∣∥∼≃≅≈=≡≍<>≤≥≲≳≶≷≺≻⊂⊃⊆⊇⊢⊨⊩⊫≼≽⊑⊒⊲⊳⊴⊵⫝'); END IF;
IF t ~ '[ⱥ]' THEN t := translate(t, 'ⱥ', 'a'); END IF;
IF t ~ '[︠-︯]' THEN t := translate(t, '︧︨︩︪︫︬︭︠︡︢︣︤︥︦︮︯', ''); END IF;
t := replace(t, 'ß', 'ss');
t := replace(t, 'æ', 'ae');
t := replace(t, 'þ', 'th');
t := replace(t, 'œ', 'oe');
t := replace(t, 'ǣ', 'ae');
t := replace(t, 'ǽ', 'ae');
RETURN t;
END
$$;
CREATE FUNCTION earlier.dynmodel_words_1(t text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
IF octet_length(t) = length(t) THEN RETURN regexp_replace(t, '[^a-z0-9]+', ' ', 'g'); END IF;
t := regexp_replace(t, '[^a-z0-9ªµºÀ-ÖØ-öø-ˁˆ-ˑˠ-ˤˬˮ̀-ʹͶ-ͷͺ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁ҃-ԯԱ-Ֆՙՠ-ֈ֑-ֽֿׁ-ׂׄ-ׇׅא-תׯ-ײؐ-ؚؠ-٩ٮ-ۓە-ۜ۟-۪ۨ-ۼۿܐ-݊ݍ-ޱ߀-ߵߺ߽ࠀ-࠭ࡀ-࡛ࡠ-ࡪࡰ-ࢇࢉ-ࢎ࢘-ࣣ࣡-ॣ०-९ॱ-ঃঅ-ঌএ-ঐও-নপ-রলশ-হ়-ৄে-ৈো-ৎৗড়-ঢ়য়-ৣ০-ৱৼ৾ਁ-ਃਅ-ਊਏ-ਐਓ-ਨਪ-ਰਲ-ਲ਼ਵ-ਸ਼ਸ-ਹ਼ਾ-ੂੇ-ੈੋ-੍ੑਖ਼-ੜਫ਼੦-ੵઁ-ઃઅ-ઍએ-ઑઓ-નપ-રલ-ળવ-હ઼-ૅે-ૉો-્ૐૠ-ૣ૦-૯ૹ-૿ଁ-ଃଅ-ଌଏ-ଐଓ-ନପ-ରଲ-ଳଵ-ହ଼-ୄେ-ୈୋ-୍୕-ୗଡ଼-ଢ଼ୟ-ୣ୦-୯ୱஂ-ஃஅ-ஊஎ-ஐஒ-கங-சஜஞ-டண-தந-பம-ஹா-ூெ-ைொ-்ௐௗ௦-௯ఀ-ఌఎ-ఐఒ-నప-హ఼-ౄె-ైొ-్ౕ-ౖౘ-ౚౝౠ-ౣ౦-౯ಀ-ಃಅ-ಌಎ-ಐಒ-ನಪ-ಳವ-ಹ಼-ೄೆ-ೈೊ-್ೕ-ೖೝ-ೞೠ-ೣ೦-೯ೱ-ೲഀ-ഌഎ-ഐഒ-ൄെ-ൈൊ-ൎൔ-ൗൟ-ൣ൦-൯ൺ-ൿඁ-ඃඅ-ඖක-නඳ-රලව-ෆ්ා-ුූෘ-ෟ෦-෯ෲ-ෳก-ฺเ-๎๐-๙ກ-ຂຄຆ-ຊຌ-ຣລວ-ຽເ-ໄໆ່-ໍ໐-໙ໜ-ໟༀ༘-༙༠-༩༹༵༷༾-ཇཉ-ཬཱ-྄྆-ྗྙ-ྼ࿆က-၉ၐ-ႝႠ-ჅჇჍა-ჺჼ-ቈቊ-ቍቐ-ቖቘቚ-ቝበ-ኈኊ-ኍነ-ኰኲ-ኵኸ-ኾዀዂ-ዅወ-ዖዘ-ጐጒ-ጕጘ-ፚ፝-፟ᎀ-ᎏᎠ-Ᏽᏸ-ᏽᐁ-ᙬᙯ-ᙿᚁ-ᚚᚠ-ᛪᛮ-ᛸᜀ-᜔ᜟ-ᜳᝀ-ᝓᝠ-ᝬᝮ-ᝰᝲ-ᝳក-៓ៗៜ-៝០-៩᠋-᠍᠏-᠙ᠠ-ᡸᢀ-ᢪᢰ-ᣵᤀ-ᤞᤠ-ᤫᤰ-᤻᥆-ᥭᥰ-ᥴᦀ-ᦫᦰ-ᧉ᧐-᧙ᨀ-ᨛᨠ-ᩞ᩠-᩿᩼-᪉᪐-᪙ᪧ᪰-ᫎᬀ-ᭌ᭐-᭙᭫-᭳ᮀ-ᯱᰀ-᰷᱀-᱉ᱍ-ᱽᲀ-ᲈᲐ-ᲺᲽ-Ჿ᳐-᳔᳒-᳢᳠-ᳶ᳸-ᳺᴀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼⁱⁿₐ-ₜ⃐-⃰ℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℹℼ-ℿⅅ-ⅉⅎⅠ-ↈⰀ-ⳤⳫ-ⳳⴀ-ⴥⴧⴭⴰ-ⵧⵯ⵿-ⶖⶠ-ⶦⶨ-ⶮⶰ-ⶶⶸ-ⶾⷀ-ⷆⷈ-ⷎⷐ-ⷖⷘ-ⷞⷠ-ⷿⸯ々-〇〡-〭〱-〵〸-〼ぁ-ゖ゙-゚ゝ-ゟァ-ヺー-ヿㄅ-ㄯㄱ-ㆎㆠ-ㆿㇰ-ㇿ㐀-䶿一-ꒌꓐ-ꓽꔀ-ꘌꘐ-ꘫꙀ-꙲ꙴ-꙽ꙿ-꛱ꜗ-ꜟꜢ-ꞈꞋ-ꟊꟐ-ꟑꟓꟕ-ꟙꟲ-ꠧ꠬ꡀ-ꡳꢀ-ꣅ꣐-꣙꣠-ꣷꣻꣽ-꤭ꤰ-꥓ꥠ-ꥼꦀ-ꦿꧏ-꧙ꧠ-ꧾꨀ-ꨶꩀ-ꩍ꩐-꩙ꩠ-ꩶꩺ-ꫂꫛ-ꫝꫠ-ꫯꫲ-꫶ꬁ-ꬆꬉ-ꬎꬑ-ꬖꬠ-ꬦꬨ-ꬮꬰ-ꭚꭜ-ꭩꭰ-ꯪ꯭꯰-꯹가-힣ힰ-ퟆퟋ-ퟻ豈-舘並-龎ﬀ-ﬆﬓ-ﬗיִ-ﬨשׁ-זּטּ-לּמּנּ-סּףּ-פּצּ-ﮱﯓ-ﴽﵐ-ﶏﶒ-ﷇﷰ-ﷻ︀-️︠-︯ﹰ-ﹴﹶ-ﻼ０-９Ａ-Ｚａ-ｚｦ-ﾾￂ-ￇￊ-ￏￒ-ￗￚ-ￜ𐀀-𐀋𐀍-𐀦𐀨-𐀺𐀼-𐀽𐀿-𐁍𐁐-𐁝𐂀-𐃺𐅀-𐅴𐇽𐊀-𐊜𐊠-𐋐𐋠𐌀-𐌟𐌭-𐍊𐍐-𐍺𐎀-𐎝𐎠-𐏃𐏈-𐏏𐏑-𐏕𐐀-𐒝𐒠-𐒩𐒰-𐓓𐓘-𐓻𐔀-𐔧𐔰-𐕣𐕰-𐕺𐕼-𐖊𐖌-𐖒𐖔-𐖕𐖗-𐖡𐖣-𐖱𐖳-𐖹𐖻-𐖼𐘀-𐜶𐝀-𐝕𐝠-𐝧𐞀-𐞅𐞇-𐞰𐞲-𐞺𐠀-𐠅𐠈𐠊-𐠵𐠷-𐠸𐠼𐠿-𐡕𐡠-𐡶𐢀-𐢞𐣠-𐣲𐣴-𐣵𐤀-𐤕𐤠-𐤹𐦀-𐦷𐦾-𐦿𐨀-𐨃𐨅-𐨆𐨌-𐨓𐨕-𐨗𐨙-𐨵𐨸-𐨿𐨺𐩠-𐩼𐪀-𐪜𐫀-𐫇𐫉-𐫦𐬀-𐬵𐭀-𐭕𐭠-𐭲𐮀-𐮑𐰀-𐱈𐲀-𐲲𐳀-𐳲𐴀-𐴧𐴰-𐴹𐺀-𐺩𐺫-𐺬𐺰-𐺱𐼀-𐼜𐼧𐼰-𐽐𐽰-𐾅𐾰-𐿄𐿠-𐿶𑀀-𑁆𑁦-𑁵𑁿-𑂺𑃂𑃐-𑃨𑃰-𑃹𑄀-𑄴𑄶-𑄿𑅄-𑅇𑅐-𑅳𑅶𑆀-𑆿𑇁-𑇄𑇉-𑇌𑇎-𑇚𑇜𑈀-𑈑𑈓-𑈴𑈶-𑈷𑈾𑊀-𑊆𑊈𑊊-𑊍𑊏-𑊝𑊟-𑊨𑊰-𑋪𑋰-𑋹𑌀-𑌃𑌅-𑌌𑌏-𑌐𑌓-𑌨𑌪-𑌰𑌲-𑌳𑌵-𑌹𑌻-𑍄𑍇-𑍈𑍋-𑍌𑍐𑍗𑍝-𑍣𑍦-𑍬𑍰-𑍴𑐀-𑑊𑑐-𑑙𑑞-𑑡𑒀-𑓅𑓇𑓐-𑓙𑖀-𑖵𑖸-𑗀𑗘-𑗝𑘀-𑙀𑙄𑙐-𑙙𑚀-𑚵𑚷-𑚸𑛀-𑛉𑜀-𑜚𑜝-𑜫𑜰-𑜹𑝀-𑝆𑠀-𑠺𑢠-𑣩𑣿-𑤆𑤉𑤌-𑤓𑤕-𑤖𑤘-𑤵𑤷-𑤸𑤻-𑤼𑤾-𑥃𑥐-𑥙𑦠-𑦧𑦪-𑧗𑧚-𑧡𑧣-𑧤𑨀-𑨾𑩇𑩐-𑪙𑪝𑪰-𑫸𑰀-𑰈𑰊-𑰶𑰸-𑱀𑱐-𑱙𑱲-𑲏𑲒-𑲧𑲩-𑲶𑴀-𑴆𑴈-𑴉𑴋-𑴶𑴺𑴼-𑴽𑴿-𑵇𑵐-𑵙𑵠-𑵥𑵧-𑵨𑵪-𑶎𑶐-𑶑𑶓-𑶘𑶠-𑶩𑻠-𑻶𑾰𒀀-𒎙𒐀-𒑮𒒀-𒕃𒾐-𒿰𓀀-𓐮𔐀-𔙆𖠀-𖨸𖩀-𖩞𖩠-𖩩𖩰-𖪾𖫀-𖫉𖫐-𖫭𖫰-𖫴𖬀-𖬶𖭀-𖭃𖭐-𖭙𖭣-𖭷𖭽-𖮏𖹀-𖹿𖼀-𖽊𖽏-𖾇𖾏-𖾟𖿠-𖿡𖿣-𖿤𖿰-𖿱𗀀-𘟷𘠀-𘳕𘴀-𘴈𚿰-𚿳𚿵-𚿻𚿽-𚿾𛀀-𛄢𛅐-𛅒𛅤-𛅧𛅰-𛋻𛰀-𛱪𛱰-𛱼𛲀-𛲈𛲐-𛲙𛲝-𛲞𜼀-𜼭𜼰-𜽆𝅧-𝅩𝅻-𝆂𝆅-𝆋𝆪-𝆭𝉂-𝉄𝐀-𝑔𝑖-𝒜𝒞-𝒟𝒢𝒥-𝒦𝒩-𝒬𝒮-𝒹𝒻𝒽-𝓃𝓅-𝔅𝔇-𝔊𝔍-𝔔𝔖-𝔜𝔞-𝔹𝔻-𝔾𝕀-𝕄𝕆𝕊-𝕐𝕒-𝚥𝚨-𝛀𝛂-𝛚𝛜-𝛺𝛼-𝜔𝜖-𝜴𝜶-𝝎𝝐-𝝮𝝰-𝞈𝞊-𝞨𝞪-𝟂𝟄-𝟋𝟎-𝟿𝨀-𝨶𝨻-𝩬𝩵𝪄𝪛-𝪟𝪡-𝪯𝼀-𝼞𞀀-𞀆𞀈-𞀘𞀛-𞀡𞀣-𞀤𞀦-𞀪𞄀-𞄬𞄰-𞄽𞅀-𞅉𞅎𞊐-𞊮𞋀-𞋹𞟠-𞟦𞟨-𞟫𞟭-𞟮𞟰-𞟾𞠀-𞣄𞣐-𞣖𞤀-𞥋𞥐-𞥙𞸀-𞸃𞸅-𞸟𞸡-𞸢𞸤𞸧𞸩-𞸲𞸴-𞸷𞸹𞸻𞹂𞹇𞹉𞹋𞹍-𞹏𞹑-𞹒𞹔𞹗𞹙𞹛𞹝𞹟𞹡-𞹢𞹤𞹧-𞹪𞹬-𞹲𞹴-𞹷𞹹-𞹼𞹾𞺀-𞺉𞺋-𞺛𞺡-𞺣𞺥-𞺩𞺫-𞺻🯰-🯹𠀀-𪛟𪜀-𫜸𫝀-𫠝𫠠-𬺡𬺰-𮯠丽-𪘀𰀀-𱍊󠄀-󠇯]+', ' ', 'g');
RETURN t;
END
$$;
CREATE SEQUENCE earlier._seq_1
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE earlier."Author" (
    id bigint DEFAULT nextval('earlier._seq_1'::regclass) NOT NULL,
    _version bigint DEFAULT '1'::bigint NOT NULL,
    _created timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    _updated timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    name text COLLATE pg_catalog."C",
    CONSTRAINT _ck_1_1_max_length CHECK ((length(name) <= 255))
);
CREATE SEQUENCE earlier._seq_2
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE earlier."Book" (
    id bigint DEFAULT nextval('earlier._seq_2'::regclass) NOT NULL,
    _version bigint DEFAULT '1'::bigint NOT NULL,
    _created timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    _updated timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    title text NOT NULL COLLATE pg_catalog."C",
    isbn text COLLATE pg_catalog."C",
    pages bigint,
    weight double precision,
    "out" date,
    at timestamp with time zone,
    is_new boolean DEFAULT true,
    more jsonb,
    author bigint,
    _trash_2 text COLLATE pg_catalog."C",
    _trash_1 text COLLATE pg_catalog."C",
    number bigint,
    price numeric(18,2),
    labels text[],
    mark uuid,
    code text COLLATE pg_catalog."C",
    rated bigint,
    CONSTRAINT _ck_2_15_max_items CHECK ((cardinality(labels) <= 100)),
    CONSTRAINT _ck_2_17_max_length CHECK ((length(code) <= 255)),
    CONSTRAINT _ck_2_1_max_length CHECK ((length(title) <= 40)),
    CONSTRAINT _ck_2_2_max_length CHECK ((length(isbn) <= 255)),
    CONSTRAINT _ck_2_3_min CHECK ((pages >= 0))
);
CREATE TABLE earlier._dynmodel_access_change (
    revision bigint NOT NULL,
    stamp character varying(32) NOT NULL,
    subject text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text
);
CREATE TABLE earlier._dynmodel_alembic (
    version_num character varying(32) NOT NULL
);
CREATE TABLE earlier._dynmodel_answer (
    digest character varying(64) NOT NULL,
    owner character varying(64) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    rights character varying(64) NOT NULL,
    kept_at timestamp with time zone NOT NULL,
    status integer,
    headers json,
    body bytea,
    size integer NOT NULL
);
CREATE TABLE earlier._dynmodel_audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    identity text,
    address text,
    request_id text,
    detail json NOT NULL,
    count integer NOT NULL
);
CREATE SEQUENCE earlier._dynmodel_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_audit_id_seq OWNED BY earlier._dynmodel_audit.id;
CREATE TABLE earlier._dynmodel_change (
    revision bigint NOT NULL,
    table_id bigint NOT NULL,
    stamp character varying(32) NOT NULL,
    version bigint NOT NULL,
    name_before text,
    name_after text,
    changed_at timestamp with time zone NOT NULL,
    changed_by text,
    document json NOT NULL
);
CREATE TABLE earlier._dynmodel_counter (
    table_id bigint NOT NULL,
    field_id integer NOT NULL,
    last bigint NOT NULL
);
CREATE TABLE earlier._dynmodel_failure (
    key character varying(64) NOT NULL,
    count integer NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL
);
CREATE TABLE earlier._dynmodel_login (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE earlier._dynmodel_quarantine (
    id bigint NOT NULL,
    table_id bigint NOT NULL,
    field_id integer NOT NULL,
    row_id bigint NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    kept_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE earlier._dynmodel_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_quarantine_id_seq OWNED BY earlier._dynmodel_quarantine.id;
CREATE TABLE earlier._dynmodel_role (
    name text NOT NULL,
    document json NOT NULL
);
CREATE TABLE earlier._dynmodel_session (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address text
);
CREATE SEQUENCE earlier._dynmodel_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_session_id_seq OWNED BY earlier._dynmodel_session.id;
CREATE TABLE earlier._dynmodel_state (
    id integer NOT NULL,
    definitions bigint NOT NULL,
    access bigint NOT NULL,
    stamp character varying(32) NOT NULL,
    access_stamp character varying(32) DEFAULT '0538bd29a292b024deaba2efd2aa0fa3'::character varying NOT NULL
);
CREATE TABLE earlier._dynmodel_table (
    id bigint NOT NULL,
    version bigint NOT NULL,
    name_key text,
    physical_name text NOT NULL,
    document json NOT NULL,
    dropped_at timestamp with time zone
);
CREATE SEQUENCE earlier._dynmodel_table_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_table_id_seq OWNED BY earlier._dynmodel_table.id;
CREATE TABLE earlier._dynmodel_token (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    name text NOT NULL,
    user_id bigint,
    roles json NOT NULL,
    narrowing json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone
);
CREATE SEQUENCE earlier._dynmodel_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_token_id_seq OWNED BY earlier._dynmodel_token.id;
CREATE TABLE earlier._dynmodel_trash (
    id bigint NOT NULL,
    table_id bigint NOT NULL,
    field_id integer NOT NULL,
    physical_name text NOT NULL,
    document json NOT NULL,
    dropped_at timestamp with time zone NOT NULL,
    dropped_version bigint NOT NULL
);
CREATE SEQUENCE earlier._dynmodel_trash_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_trash_id_seq OWNED BY earlier._dynmodel_trash.id;
CREATE TABLE earlier._dynmodel_user (
    id bigint NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    email text,
    roles json NOT NULL,
    claims json NOT NULL,
    password text,
    disabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    password_changed_at timestamp with time zone
);
CREATE SEQUENCE earlier._dynmodel_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE earlier._dynmodel_user_id_seq OWNED BY earlier._dynmodel_user.id;
CREATE TABLE earlier._links_2_10 (
    row_id bigint NOT NULL,
    value bigint NOT NULL,
    "position" integer NOT NULL
);
CREATE SEQUENCE earlier._seq_3
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE earlier._trash_table_3 (
    id bigint DEFAULT nextval('earlier._seq_3'::regclass) CONSTRAINT "Dropped_id_not_null" NOT NULL,
    _version bigint DEFAULT '1'::bigint CONSTRAINT "Dropped__version_not_null" NOT NULL,
    _created timestamp with time zone DEFAULT CURRENT_TIMESTAMP CONSTRAINT "Dropped__created_not_null" NOT NULL,
    _updated timestamp with time zone DEFAULT CURRENT_TIMESTAMP CONSTRAINT "Dropped__updated_not_null" NOT NULL,
    a text COLLATE pg_catalog."C",
    author bigint,
    CONSTRAINT _ck_3_1_max_length CHECK ((length(a) <= 255))
);
ALTER TABLE ONLY earlier._dynmodel_audit ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_audit_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_quarantine ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_quarantine_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_session ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_session_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_table ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_table_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_token ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_token_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_trash ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_trash_id_seq'::regclass);
ALTER TABLE ONLY earlier._dynmodel_user ALTER COLUMN id SET DEFAULT nextval('earlier._dynmodel_user_id_seq'::regclass);
INSERT INTO earlier."Author" VALUES (1, 1, '2026-12-01 18:39:43.03369+00', '2026-12-01 18:39:43.03369+00', 'Author 1');
INSERT INTO earlier."Author" VALUES (2, 1, '2026-12-01 18:39:43.20616+00', '2026-12-01 18:39:43.20616+00', 'Author 2');
INSERT INTO earlier."Author" VALUES (3, 1, '2026-12-01 18:39:43.306557+00', '2026-12-01 18:39:43.306557+00', 'Author 3');
INSERT INTO earlier."Author" VALUES (4, 1, '2026-12-01 18:39:49.567123+00', '2026-12-01 18:39:49.567123+00', 'Once');
INSERT INTO earlier."Book" VALUES (1, 1, '2026-12-01 18:39:43.485737+00', '2026-12-01 18:39:43.485737+00', 'Der 1. Weg', 'I1', 100, 0.14285714285714285, '2026-01-31', '2026-01-31 12:00:01.123456+00', true, '{"a": 1, "b": [1, null, "x"]}', 2, 'gone 1', '1', 1, 1.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf1', 'Code1', 1);
INSERT INTO earlier."Book" VALUES (2, 1, '2026-12-01 18:39:43.701225+00', '2026-12-01 18:39:43.701225+00', 'Der 2. Weg', 'I2', 200, 0.2857142857142857, '2026-01-31', '2026-01-31 12:00:02.123456+00', true, '{"a": 2, "b": [1, null, "x"]}', 3, 'gone 2', '2', 2, 2.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf2', 'Code2', 2);
INSERT INTO earlier."Book" VALUES (3, 1, '2026-12-01 18:39:43.823249+00', '2026-12-01 18:39:43.823249+00', 'Der 3. Weg', 'I3', 300, 0.42857142857142855, '2026-01-31', '2026-01-31 12:00:03.123456+00', true, '{"a": 3, "b": [1, null, "x"]}', 1, 'gone 3', '3', 3, 3.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf3', 'Code3', 3);
INSERT INTO earlier."Book" VALUES (4, 1, '2026-12-01 18:39:43.989726+00', '2026-12-01 18:39:43.989726+00', 'Der 4. Weg', 'I4', 400, 0.5714285714285714, '2026-01-31', '2026-01-31 12:00:04.123456+00', true, '{"a": 4, "b": [1, null, "x"]}', 2, 'gone 4', 'four', 4, 4.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf4', 'Code4', NULL);
INSERT INTO earlier."Book" VALUES (5, 1, '2026-12-01 18:39:44.072191+00', '2026-12-01 18:39:44.072191+00', 'Der 5. Weg', 'I5', 500, 0.7142857142857143, '2026-01-31', '2026-01-31 12:00:05.123456+00', true, '{"a": 5, "b": [1, null, "x"]}', 3, 'gone 5', '5', 5, 5.50, '{a,b}', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf5', 'Code5', 5);
INSERT INTO earlier._dynmodel_access_change VALUES (1, 'e94e190592de877cd311e7fb4595ac4b', 'grants', '2026-12-01 18:39:47.109688+00', NULL);
INSERT INTO earlier._dynmodel_alembic VALUES ('0007');
INSERT INTO earlier._dynmodel_answer VALUES ('937cc53767b014d291fd17e28bbeea880cf1c3eccdb2dba17555c8f3f80a25af', '2348f998744212575d85959674f9607ab26f67708a917157472832386337c904', 'ef8c2ed33043cadd90fbb1d9afa2b6af6001113bd048ca81680411e21f09f5ff', '3d9a13ea8e39a9669cc31f7c8d07d051012e87bbca1e1d0df1b6dff28dd929dc', '2026-12-01 18:39:49.503869+00', 201, '[["Content-Type", "application/json"], ["Location", "/table/1/rows/4/"], ["ETag", "\"4-1-79f6a97b\""], ["Definition-Version", "4"]]', '\x7b226964223a342c226e616d65223a224f6e6365222c22626f6f6b73223a5b5d7d', 33);
INSERT INTO earlier._dynmodel_audit VALUES (1, '2026-12-01 18:39:47.112985+00', 'access_changed', NULL, '127.0.0.1', '07675fbd7bf9e889', '{"revision": 1, "roles": ["clerk"]}', 1);
INSERT INTO earlier._dynmodel_audit VALUES (2, '2026-12-01 18:39:49.161705+00', 'user_created', NULL, '127.0.0.1', '997f2e966658ee9f', '{"user": 1, "name": "Ann", "roles": ["clerk"]}', 1);
INSERT INTO earlier._dynmodel_audit VALUES (3, '2026-12-01 18:39:49.291316+00', 'token_created', NULL, '127.0.0.1', '16bb208ccdd89169', '{"token": 1, "name": "program", "user": null}', 1);
INSERT INTO earlier._dynmodel_change VALUES (1, 1, 'f425ba32c0e543f2fd7dfa4976a34843', 1, NULL, 'author', '2026-12-01 18:39:41.897814+00', NULL, '{"id": 1, "model_name": "Author", "version": 1, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (2, 2, '8c1c14acfaac6d053b09641e5458ced0', 1, NULL, 'book', '2026-12-01 18:39:42.705666+00', NULL, '{"id": 2, "model_name": "Book", "version": 1, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": true, "unique": false, "index": "search", "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books", "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null, "reverse_limit": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 11, "name": "gone", "type": "string", "column": "gone", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 12, "name": "rated", "type": "string", "column": "rated", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 1}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (2, 1, '8c1c14acfaac6d053b09641e5458ced0', 2, 'author', 'author', '2026-12-01 18:39:42.705666+00', NULL, '{"id": 1, "model_name": "Author", "version": 2, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false, "reverse_limit": null}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true, "reverse_limit": null}], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (3, 2, '60fb0ccd5712b615a7b76450351be00a', 2, 'book', 'book', '2026-12-01 18:39:45.273633+00', NULL, '{"id": 2, "model_name": "Book", "version": 2, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": true, "unique": false, "index": "search", "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books", "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null, "reverse_limit": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 11, "name": "gone", "type": "string", "column": "gone", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 12, "name": "rated", "type": "integer", "column": "rated", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 1}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (4, 2, '442037d8f45aa1c3822afc4617d032ea', 3, 'book', 'book', '2026-12-01 18:39:45.853557+00', NULL, '{"id": 2, "model_name": "Book", "version": 3, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": true, "unique": false, "index": "search", "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books", "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null, "reverse_limit": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 12, "name": "rated", "type": "integer", "column": "rated", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 1}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (5, 3, 'ec4077f222bc2482b2668c66eee5d29d', 1, NULL, 'dropped', '2026-12-01 18:39:46.358652+00', NULL, '{"id": 3, "model_name": "Dropped", "version": 1, "physical_name": "Dropped", "fields": [{"id": 1, "name": "a", "type": "string", "column": "a", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "restrict", "reverse": null, "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 3, "referrers": [], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (5, 1, 'ec4077f222bc2482b2668c66eee5d29d', 3, 'author', 'author', '2026-12-01 18:39:46.358652+00', NULL, '{"id": 1, "model_name": "Author", "version": 3, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false, "reverse_limit": null}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true, "reverse_limit": null}, {"table_id": 3, "field_id": 2, "model_name": "Dropped", "field": "author", "table": "Dropped", "column": "author", "on_delete": "restrict", "reverse": null, "many": false, "reverse_limit": null}], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (6, 3, '8bae0cc88df7888e0f0ce7efee7709bf', 2, 'dropped', NULL, '2026-12-01 18:39:46.817408+00', NULL, '{"id": 3, "model_name": "Dropped", "version": 2, "physical_name": "_trash_table_3", "fields": [{"id": 1, "name": "a", "type": "string", "column": "a", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "restrict", "reverse": null, "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 3, "referrers": [], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_change VALUES (6, 1, '8bae0cc88df7888e0f0ce7efee7709bf', 4, 'author', 'author', '2026-12-01 18:39:46.817408+00', NULL, '{"id": 1, "model_name": "Author", "version": 4, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false, "reverse_limit": null}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true, "reverse_limit": null}], "pending": [], "display": null}');
INSERT INTO earlier._dynmodel_counter VALUES (2, 13, 6);
INSERT INTO earlier._dynmodel_quarantine VALUES (1, 2, 12, 4, 2, 'string', 'four', 'want a whole number of at most 64 bits', '2026-12-01 18:39:44.701859+00');
INSERT INTO earlier._dynmodel_role VALUES ('clerk', '{"label": null, "description": null, "definitions": "none", "tables": {"2": {"read": [{"fields": {"every": true, "named": [], "without": [], "row_id": false}, "rows": null, "check": null, "preset": []}]}}}');
INSERT INTO earlier._dynmodel_state VALUES (1, 6, 1, '8bae0cc88df7888e0f0ce7efee7709bf', 'e94e190592de877cd311e7fb4595ac4b');
INSERT INTO earlier._dynmodel_table VALUES (3, 2, NULL, '_trash_table_3', '{"id": 3, "model_name": "Dropped", "version": 2, "physical_name": "_trash_table_3", "fields": [{"id": 1, "name": "a", "type": "string", "column": "a", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "restrict", "reverse": null, "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 3, "referrers": [], "pending": [], "display": null}', '2026-12-01 18:39:46.77735+00');
INSERT INTO earlier._dynmodel_table VALUES (1, 4, 'author', 'Author', '{"id": 1, "model_name": "Author", "version": 4, "physical_name": "Author", "fields": [{"id": 1, "name": "name", "type": "string", "column": "name", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 2, "referrers": [{"table_id": 2, "field_id": 9, "model_name": "Book", "field": "author", "table": "Book", "column": "author", "on_delete": "set_null", "reverse": "books", "many": false, "reverse_limit": null}, {"table_id": 2, "field_id": 10, "model_name": "Book", "field": "readers", "table": "Book", "column": "readers", "on_delete": "remove", "reverse": null, "many": true, "reverse_limit": null}], "pending": [], "display": null}', NULL);
INSERT INTO earlier._dynmodel_table VALUES (2, 3, 'book', 'Book', '{"id": 2, "model_name": "Book", "version": 3, "physical_name": "Book", "fields": [{"id": 1, "name": "title", "type": "string", "column": "title", "options": {"min_length": null, "max_length": 40, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": true, "unique": false, "index": "search", "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 2, "name": "isbn", "type": "string", "column": "isbn", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": true, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 3, "name": "pages", "type": "integer", "column": "pages", "options": {"min": 0, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 4, "name": "weight", "type": "number", "column": "weight", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 5, "name": "out", "type": "date", "column": "out", "options": {"min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 6, "name": "at", "type": "datetime", "column": "at", "options": {"min": null, "max": null, "timezone": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 7, "name": "is_new", "type": "boolean", "column": "is_new", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": true, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 8, "name": "more", "type": "json", "column": "more", "options": {"schema": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 9, "name": "author", "type": "link", "column": "author", "options": {"table": 1, "on_delete": "set_null", "reverse": "books", "reverse_limit": null, "key": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 10, "name": "readers", "type": "links", "column": "readers", "options": {"table": 1, "on_delete": "remove", "reverse": null, "reverse_limit": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 12, "name": "rated", "type": "integer", "column": "rated", "options": {"min": null, "max": null, "choices": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 13, "name": "number", "type": "autonumber", "column": "number", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 14, "name": "price", "type": "decimal", "column": "price", "options": {"precision": 18, "scale": 2, "min": null, "max": null}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 15, "name": "labels", "type": "tags", "column": "labels", "options": {"max_items": 100, "max_length": 100}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 16, "name": "mark", "type": "uuid", "column": "mark", "options": {}, "options_version": 1, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}, {"id": 17, "name": "code", "type": "string", "column": "code", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": true, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 1}], "indexes": [], "key": "integer", "label": null, "description": null, "next_id": 18, "referrers": [], "pending": [], "display": null}', NULL);
INSERT INTO earlier._dynmodel_token VALUES (1, '0c231509c6bd06b623280e437f2f907081fd1945642cf825c7b0169ac554de38', 'program', NULL, '["clerk"]', '{"tables": null, "read_only": false}', '2026-12-01 18:39:49.285556+00', NULL, NULL, NULL);
INSERT INTO earlier._dynmodel_trash VALUES (1, 2, 12, '_trash_1', '{"id": 12, "name": "rated", "type": "string", "column": "rated", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}', '2026-12-01 18:39:45.030982+00', 2);
INSERT INTO earlier._dynmodel_trash VALUES (2, 2, 11, '_trash_2', '{"id": 11, "name": "gone", "type": "string", "column": "gone", "options": {"min_length": null, "max_length": 255, "pattern": null, "ignore_accents": false, "choices": null}, "options_version": 2, "required": false, "unique": false, "index": false, "default": null, "label": null, "description": null, "default_expression": null, "unique_ignore_case": false, "read_only": false, "write_only": false, "aliases": [], "message": null, "folding": 0}', '2026-12-01 18:39:45.731526+00', 3);
INSERT INTO earlier._dynmodel_user VALUES (1, 1, 'Ann', 'ann', NULL, '["clerk"]', '{}', '$argon2id$v=19$m=65536,t=3,p=4$1LSWWunoazHjAaYpCYf74g$D/th0gkHXYXASWcdLHBDMgp0IASuT9VdYilCNAoMamw', false, '2026-12-01 18:39:49.148076+00', '2026-12-01 18:39:49.148076+00');
INSERT INTO earlier._links_2_10 VALUES (1, 3, 0);
INSERT INTO earlier._links_2_10 VALUES (1, 1, 1);
INSERT INTO earlier._links_2_10 VALUES (3, 3, 0);
INSERT INTO earlier._links_2_10 VALUES (3, 1, 1);
INSERT INTO earlier._links_2_10 VALUES (5, 3, 0);
INSERT INTO earlier._links_2_10 VALUES (5, 1, 1);
INSERT INTO earlier._trash_table_3 VALUES (1, 1, '2026-12-01 18:39:46.545027+00', '2026-12-01 18:39:46.545027+00', 'kept', 2);
SELECT pg_catalog.setval('earlier._dynmodel_audit_id_seq', 3, true);
SELECT pg_catalog.setval('earlier._dynmodel_quarantine_id_seq', 1, true);
SELECT pg_catalog.setval('earlier._dynmodel_session_id_seq', 1, false);
SELECT pg_catalog.setval('earlier._dynmodel_table_id_seq', 3, true);
SELECT pg_catalog.setval('earlier._dynmodel_token_id_seq', 1, true);
SELECT pg_catalog.setval('earlier._dynmodel_trash_id_seq', 2, true);
SELECT pg_catalog.setval('earlier._dynmodel_user_id_seq', 1, true);
SELECT pg_catalog.setval('earlier._seq_1', 4, true);
SELECT pg_catalog.setval('earlier._seq_2', 6, true);
SELECT pg_catalog.setval('earlier._seq_3', 1, true);
ALTER TABLE ONLY earlier._dynmodel_access_change
    ADD CONSTRAINT _dynmodel_access_change_pkey PRIMARY KEY (revision);
ALTER TABLE ONLY earlier._dynmodel_alembic
    ADD CONSTRAINT _dynmodel_alembic_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY earlier._dynmodel_answer
    ADD CONSTRAINT _dynmodel_answer_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY earlier._dynmodel_audit
    ADD CONSTRAINT _dynmodel_audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_change
    ADD CONSTRAINT _dynmodel_change_pkey PRIMARY KEY (revision, table_id);
ALTER TABLE ONLY earlier._dynmodel_counter
    ADD CONSTRAINT _dynmodel_counter_pkey PRIMARY KEY (table_id, field_id);
ALTER TABLE ONLY earlier._dynmodel_failure
    ADD CONSTRAINT _dynmodel_failure_pkey PRIMARY KEY (key);
ALTER TABLE ONLY earlier._dynmodel_login
    ADD CONSTRAINT _dynmodel_login_pkey PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY earlier._dynmodel_quarantine
    ADD CONSTRAINT _dynmodel_quarantine_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_role
    ADD CONSTRAINT _dynmodel_role_pkey PRIMARY KEY (name);
ALTER TABLE ONLY earlier._dynmodel_session
    ADD CONSTRAINT _dynmodel_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_state
    ADD CONSTRAINT _dynmodel_state_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_table
    ADD CONSTRAINT _dynmodel_table_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_token
    ADD CONSTRAINT _dynmodel_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_trash
    ADD CONSTRAINT _dynmodel_trash_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_user
    ADD CONSTRAINT _dynmodel_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY earlier._links_2_10
    ADD CONSTRAINT _links_2_10_pkey PRIMARY KEY (row_id, value);
ALTER TABLE ONLY earlier."Author"
    ADD CONSTRAINT _pk_1 PRIMARY KEY (id);
ALTER TABLE ONLY earlier."Book"
    ADD CONSTRAINT _pk_2 PRIMARY KEY (id);
ALTER TABLE ONLY earlier._trash_table_3
    ADD CONSTRAINT _pk_3 PRIMARY KEY (id);
ALTER TABLE ONLY earlier._dynmodel_session
    ADD CONSTRAINT _uq__dynmodel_session_digest UNIQUE (digest);
ALTER TABLE ONLY earlier._dynmodel_table
    ADD CONSTRAINT _uq__dynmodel_table_name_key UNIQUE (name_key);
ALTER TABLE ONLY earlier._dynmodel_token
    ADD CONSTRAINT _uq__dynmodel_token_digest UNIQUE (digest);
ALTER TABLE ONLY earlier._dynmodel_user
    ADD CONSTRAINT _uq__dynmodel_user_name_key UNIQUE (name_key);
CREATE INDEX _fx_2_1 ON earlier."Book" USING btree ("left"(earlier.dynmodel_fold_1(title), 100));
CREATE INDEX _ix_2_10 ON earlier._links_2_10 USING btree (value, row_id);
CREATE INDEX _ix_2_9 ON earlier."Book" USING btree (author);
CREATE INDEX _ix_3_2 ON earlier._trash_table_3 USING btree (author);
CREATE INDEX _ix__dynmodel_answer_kept_at ON earlier._dynmodel_answer USING btree (kept_at);
CREATE INDEX _ix__dynmodel_answer_owner ON earlier._dynmodel_answer USING btree (owner, kept_at);
CREATE INDEX _ix__dynmodel_audit_at ON earlier._dynmodel_audit USING btree (at);
CREATE INDEX _ix__dynmodel_change_table_id ON earlier._dynmodel_change USING btree (table_id, version);
CREATE INDEX _ix__dynmodel_failure_last_at ON earlier._dynmodel_failure USING btree (last_at);
CREATE INDEX _ix__dynmodel_login_user_id ON earlier._dynmodel_login USING btree (user_id);
CREATE INDEX _ix__dynmodel_quarantine_table_id ON earlier._dynmodel_quarantine USING btree (table_id, field_id, row_id);
CREATE INDEX _ix__dynmodel_session_expires_at ON earlier._dynmodel_session USING btree (expires_at);
CREATE INDEX _ix__dynmodel_session_user_id ON earlier._dynmodel_session USING btree (user_id);
CREATE INDEX _ix__dynmodel_token_user_id ON earlier._dynmodel_token USING btree (user_id);
CREATE INDEX _ix__dynmodel_trash_table_id ON earlier._dynmodel_trash USING btree (table_id);
CREATE INDEX _sx_2_1 ON earlier."Book" USING gin (to_tsvector('simple'::regconfig, earlier.dynmodel_words_1(earlier.dynmodel_fold_1("left"(title, 100000)))));
CREATE UNIQUE INDEX _ux_2_17 ON earlier."Book" USING btree (earlier.dynmodel_fold_1(code));
CREATE UNIQUE INDEX _ux_2_2 ON earlier."Book" USING btree (isbn);
ALTER TABLE ONLY earlier."Book"
    ADD CONSTRAINT _fk_2_9 FOREIGN KEY (author) REFERENCES earlier."Author"(id) ON DELETE SET NULL DEFERRABLE;
ALTER TABLE ONLY earlier._links_2_10
    ADD CONSTRAINT _links_2_10_row_id_fkey FOREIGN KEY (row_id) REFERENCES earlier."Book"(id) ON DELETE CASCADE DEFERRABLE;
ALTER TABLE ONLY earlier._links_2_10
    ADD CONSTRAINT _links_2_10_value_fkey FOREIGN KEY (value) REFERENCES earlier."Author"(id) ON DELETE CASCADE DEFERRABLE;

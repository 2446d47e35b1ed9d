from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitors', '0004_packs'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='result',
            index=models.Index(condition=models.Q(('outcome', 'failed')), fields=['monitor', '-planned_at'], name='result_failed'),
        ),
    ]
